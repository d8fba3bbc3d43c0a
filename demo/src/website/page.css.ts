export const websiteCss = `
body { margin: 0; font: 15px/1.5 Georgia, "Times New Roman", serif; color: #2b2a26; background: #f4f1e9; }
.bar { display: flex; flex-wrap: wrap; gap: 10px 22px; align-items: center; padding: 14px 24px; background: #5b2b12; color: #fff; }
.bar strong { font-size: 20px; } .bar a { color: #ffe3c8; } .bar label { margin-inline-start: auto; display: flex !important; gap: 8px; align-items: center; float: none !important; }
.bar input { width: 150px; color: #2b2a26; }
main { max-width: 1080px; margin: 0 auto; padding: 12px 20px 60px; }
.tabs { display: flex; gap: 6px; margin: 14px 0; } .tabs button { padding: 7px 14px !important; min-height: 30px; color: #2b2a26; border: 1px solid #a08c78; } .tabs [aria-pressed=true] { background: #5b2b12 !important; color: #fff; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 250px; gap: 20px; align-items: start; } .columns > * { background: #fff; border: 1px solid #dccfc0; padding: 16px; }
dialog { width: min(1000px, calc(100vw - 24px)); max-height: 92vh; padding: 16px; border: 1px solid #a08c78; }
footer { margin-top: 26px; font-size: 13px; } footer a { color: #5b2b12; }
@media (max-width: 760px) { .columns { grid-template-columns: minmax(0, 1fr); } .bar label { margin-inline-start: 0; } main { padding-inline: 8px; } .columns > * { padding: 10px; } }
`;
