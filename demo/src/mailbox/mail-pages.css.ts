export const mailCss = `
:root { color-scheme: light dark; --line: light-dark(#d9dee4, #39424c); --quiet: light-dark(#55606c, #a7b1bc); --link: light-dark(#1c4fa1, #93b8f5); }
* { box-sizing: border-box; } body { margin: 0; font: 15px/1.55 system-ui, sans-serif; color: light-dark(#1b2027, #e8ebef); background: light-dark(#f6f7f9, #14171b); }
header { display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: baseline; max-width: 860px; margin: 0 auto; padding: 28px 20px 4px; } h1 { font-size: 24px; margin: 0; overflow-wrap: anywhere; } header a { margin-inline-start: auto; } a { color: var(--link); }
main { max-width: 860px; margin: 0 auto; padding: 0 20px 60px; } .quiet { color: var(--quiet); } .empty { padding: 40px 20px; text-align: center; border: 1px dashed var(--line); border-radius: 10px; }
.list { list-style: none; padding: 0; margin: 0; border: 1px solid var(--line); border-radius: 10px; overflow: hidden; background: light-dark(#fff, #1b1f25); } .list li + li { border-top: 1px solid var(--line); }
.list a { display: grid; gap: 0 16px; grid-template-columns: 1fr auto; padding: 12px 16px; text-decoration: none; color: inherit; } .list a:hover, .list a:focus-visible { background: light-dark(#eef3fb, #232a33); } .list strong { grid-column: 1 / -1; } .list span { color: var(--quiet); overflow-wrap: anywhere; } .list time { color: var(--quiet); font-variant-numeric: tabular-nums; grid-column: 1 / -1; font-size: 13px; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 14px; } dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
iframe { width: 100%; height: 70vh; min-height: 480px; border: 1px solid var(--line); border-radius: 10px; background: #fff; color-scheme: light; } details { margin-top: 16px; } pre { white-space: pre-wrap; overflow-wrap: anywhere; background: light-dark(#fff, #1b1f25); border: 1px solid var(--line); border-radius: 10px; padding: 16px; font: 13px/1.5 ui-monospace, monospace; }
`;
