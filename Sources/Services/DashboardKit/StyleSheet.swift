/// How the page looks: one column that fits any width, in the reader's light or dark.
enum StyleSheet {
    static let text: StaticString = """
        :root{--ink:#1b2430;--quiet:#5b6876;--line:#dfe4ea;--ground:#f5f7f9;--card:#fff;--good:#1f7a4d;--busy:#1d64a8;\
        --bad:#b3261e;--idle:#66727f;--target:#2f8f5b;--o0:#8aa4bd;--o1:#c3a35c;--o2:#a58bb5;--o3:#b9c2cb}
        @media(prefers-color-scheme:dark){:root{--ink:#e4e9ee;--quiet:#9aa7b4;--line:#2e3843;--ground:#12171d;\
        --card:#1a2129;--good:#5cc48d;--busy:#6db1ee;--bad:#f28b82;--idle:#9aa7b4;--target:#43a873;--o0:#5d7893;\
        --o1:#a3863f;--o2:#84699a;--o3:#5a6672}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",\
        Roboto,"DejaVu Sans",sans-serif}
        header,main,footer{max-width:1120px;margin:0 auto;padding:0 20px}
        header{display:flex;align-items:baseline;gap:16px;padding-top:22px}
        h1{font-size:22px;margin:0;letter-spacing:.01em}h2{font-size:17px;margin:0 0 12px}h3{font-size:15px;margin:0}
        p{margin:6px 0}section{margin:26px 0}code{font:13px/1.4 ui-monospace,"DejaVu Sans Mono",monospace}
        .quiet{color:var(--quiet)}
        .id{font:12px/1.4 ui-monospace,"DejaVu Sans Mono",monospace;color:var(--quiet);margin-left:8px;\
        font-weight:400;overflow-wrap:anywhere}
        ul{list-style:none;margin:0;padding:0}
        .channels{display:flex;flex-wrap:wrap;gap:10px;margin-bottom:14px}
        .channels li{overflow-wrap:anywhere;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:7px 12px;\
        display:flex;flex-wrap:wrap;gap:2px 10px;align-items:baseline;align-content:flex-start;\
        max-width:min(100%,420px)}
        .channels .why{flex-basis:100%;margin:0}
        .elsewhere{background:var(--card);border:1px solid var(--line);border-radius:10px;margin:8px 0 14px}
        .elsewhere li{display:flex;gap:12px;align-items:baseline;padding:7px 14px;border-bottom:1px solid var(--line)}
        .elsewhere li{font-size:14px}
        .elsewhere li:last-child{border-bottom:0}
        .channels .name{color:var(--quiet)}.version{font-weight:600;font-variant-numeric:tabular-nums}
        .version.none{font-weight:400;color:var(--quiet)}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:14px}
        .card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;font-size:14px}
        .card h3{display:flex;justify-content:space-between;align-items:center;gap:10px;font-size:16px}
        .badge{display:inline-block;font-size:12px;font-weight:600;line-height:1.3;padding:2px 9px;border-radius:99px;\
        border:1px solid currentColor;white-space:nowrap}
        .good{color:var(--good)}.busy{color:var(--busy)}.bad{color:var(--bad)}.idle{color:var(--idle)}
        .bar{display:block;width:100%;height:12px;border-radius:6px;margin:10px 0 6px;background:var(--line)}
        .legend{display:flex;flex-wrap:wrap;gap:4px 14px;font-size:13px;font-variant-numeric:tabular-nums}
        .dot{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:6px}
        .target{fill:var(--target);background:var(--target)}.other0{fill:var(--o0);background:var(--o0)}
        .other1{fill:var(--o1);background:var(--o1)}.other2{fill:var(--o2);background:var(--o2)}
        .other3{fill:var(--o3);background:var(--o3)}
        .alarm{border-left:3px solid var(--bad);padding:4px 0 4px 10px;overflow-wrap:anywhere}
        table{width:100%;border-collapse:separate;border-spacing:0;background:var(--card);border:1px solid var(--line);\
        border-radius:10px;font-size:14px;max-width:100%}
        th{text-align:left;font-weight:600;color:var(--quiet);font-size:13px}
        th,td{padding:8px 14px;border-bottom:1px solid var(--line);vertical-align:top}th{white-space:nowrap}\
        td:first-child{max-width:260px}\
        td,h2,h3,.card,.legend li{overflow-wrap:anywhere}td:nth-child(5){width:50%}
        tbody tr:last-child td{border-bottom:0}td strong+.id{display:block;margin-left:0}
        td>.id:first-child{margin-left:0}td time,.events time{color:var(--quiet);white-space:nowrap}
        .why{color:var(--quiet);font-size:13px;margin:4px 0 0;overflow-wrap:anywhere}.why.error{color:var(--bad)}
        .events{background:var(--card);border:1px solid var(--line);border-radius:10px}
        .events li{display:grid;grid-template-columns:84px 104px 1fr;gap:12px;align-items:baseline;padding:7px 14px;\
        border-bottom:1px solid var(--line);font-size:14px}
        .events li:last-child{border-bottom:0}.events .badge{justify-self:start}.events .id{margin-left:0}
        .what{overflow-wrap:anywhere}
        footer{color:var(--quiet);font-size:13px;padding-bottom:30px}
        @media(max-width:640px){header,main,footer{padding-left:12px;padding-right:12px}thead{display:none}
        table,tbody{display:block}tr{display:grid;grid-template-columns:auto auto 1fr;gap:2px 12px;padding:10px 14px;\
        border-bottom:1px solid var(--line)}tbody tr:last-child{border-bottom:0}td{border:0;padding:0}
        td:first-child,td:nth-child(5){grid-column:1/-1;width:auto;white-space:normal}
        td:nth-child(6){grid-row:1;grid-column:3;justify-self:end}td:first-child{grid-row:1;grid-column:1/3}
        td strong+.id{display:inline;margin-left:8px}td:nth-child(4)::before{content:"slot ";color:var(--quiet)}
        td:nth-child(5){margin-top:4px}
        .events li{grid-template-columns:auto 1fr;gap:4px 10px}.what{grid-column:1/-1}}
        """
}
