// Names the one header of expat, so that Swift can import it. Debian: libexpat1-dev.
#include <expat.h>
