/** Look of the lists of records both stand-ins show: plain, readable, light and dark. */
export const recordsCss = `
:root { color-scheme: light dark; --line: light-dark(#d5dbe1, #3a444e); --quiet: light-dark(#55616d, #a6b2be); }
body { margin: 0; font: 14px/1.5 system-ui, sans-serif; color: light-dark(#1d2730, #e6ebf0); background: light-dark(#f5f7f9, #14191e); }
header { display: flex; gap: 14px; align-items: baseline; flex-wrap: wrap; padding: 14px 24px; background: light-dark(#26415a, #1d2f40); color: #fff; } header strong { font-size: 18px; } header a { margin-inline-start: auto; color: #fff; }
main { max-width: 1100px; margin: 0 auto; padding: 8px 24px 60px; } h1 { font-size: 20px; margin: 28px 0 10px; } h2 { font-size: 15px; margin: 20px 0 6px; } h2 small, .none { color: var(--quiet); font-weight: 400; }
.scroll { overflow-x: auto; } table { width: 100%; border-collapse: collapse; background: light-dark(#fff, #1b2228); border: 1px solid var(--line); }
th, td { padding: 6px 10px; text-align: start; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap; } th { font-weight: 600; color: var(--quiet); }
.n { text-align: end; font-variant-numeric: tabular-nums; } .code { font: 12px ui-monospace, monospace; } td:is(.code, .notes) { min-width: 13em; overflow-wrap: anywhere; white-space: normal; } .closed { color: var(--quiet); }
a { color: light-dark(#1f5582, #8fc1ea); }
`;
