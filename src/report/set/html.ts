/** Text for HTML, in an element or an attribute in double quotes. What can't be seen or turns the writing's direction is left out. */
export function html(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (character) => (character === '\n' || character === '\t' ? ' ' : ''))
    .replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

/** The look of the page: no font, picture or script from anywhere; readable on a phone, where each row becomes a block; light and dark. */
export const style = `
:root{color-scheme:light dark;--ink:#1c2330;--soft:#5b6577;--line:#d9dee7;--card:#f6f8fb;--page:#fff;--accent:#2a62c9;--changed:#b25a00;--same:#3f7d4e}
@media (prefers-color-scheme:dark){:root{--ink:#e7ebf2;--soft:#9aa5b8;--line:#333c4b;--card:#1d2430;--page:#141922;--accent:#86b0ff;--changed:#ffb55e;--same:#7fce92}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page)}
h1{font-size:1.4rem;margin:.2rem 0}h2{font-size:1.1rem;margin:2rem 0 .6rem}
code,pre{font:.85em ui-monospace,monospace;overflow-wrap:anywhere}pre{overflow-x:auto;background:var(--card);padding:.7rem;border-radius:.4rem}
td>code{white-space:nowrap}a{color:var(--accent)}.soft{color:var(--soft)}
.facts{display:flex;flex-wrap:wrap;gap:.6rem;padding:0;margin:1rem 0;list-style:none}
.facts li{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.4rem .8rem}.facts b{display:block;font-size:1.3rem}
table{width:100%;border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.4rem .5rem;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600;font-size:.85rem}td.number{text-align:right;white-space:nowrap}
.badge{border:1px solid currentColor;border-radius:1rem;padding:0 .55rem;font-size:.8rem;white-space:nowrap}
.changed,.new,.rebuilt{color:var(--changed)}.same,.first{color:var(--same)}
.bar{fill:var(--accent)}svg{max-width:100%;height:auto}svg text{fill:var(--ink);font:13px system-ui,sans-serif}svg path{stroke:var(--soft);fill:none}svg rect.box{fill:var(--card);stroke:var(--line)}
ol.sets{list-style:none;padding:0 0 0 1rem;border-left:2px solid var(--line)}ol.sets li{position:relative;padding:.2rem 0}
ol.sets li::before{content:"";position:absolute;left:-1.4rem;top:.75rem;width:.65rem;height:.65rem;border-radius:50%;background:var(--line)}ol.sets li:first-child::before{background:var(--accent)}
ul.files{margin:.3rem 0;padding-left:1.1rem}summary{cursor:pointer}
@media (max-width:44rem){thead{display:none}table,tbody,tr,td{display:block;border:0;padding:0}tr{border:1px solid var(--line);border-radius:.5rem;padding:.6rem;margin:.6rem 0}
td.number{text-align:left}td[data-label]:not(:empty)::before{content:attr(data-label) " ";color:var(--soft);font-size:.85rem}}
`;
