/** Look of the customer centre: dense, blue-grey, portlets in columns. */
export const cardCss = `
:root { color-scheme: light; }
body { margin: 0; font: 13px/1.5 "Open Sans", "Helvetica Neue", Arial, sans-serif; color: #24303c; background: #eef1f4; }
a { color: #1f5582; }
header.bar { display: flex; align-items: center; gap: 12px; padding: 10px 20px; background: #fff; flex-wrap: wrap; }
header.bar strong { font-size: 19px; color: #26415a; letter-spacing: -.02em; }
header.bar .centre { color: #566673; border-inline-start: 1px solid #c9d1d8; padding-inline-start: 12px; }
.mark { display: flex; gap: 2px; align-items: end; height: 22px; } .mark i { width: 6px; background: #4a7aa5; height: 60%; } .mark i:nth-child(2) { height: 100%; background: #26415a; } .mark i:nth-child(3) { height: 80%; background: #8fb0cb; }
.search { margin-inline-start: auto; } .search label { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.search input { border: 1px solid #9fabb6; width: 180px; background: #f7f9fa !important; text-transform: none !important; padding: 4px 8px !important; }
.who { text-align: end; line-height: 1.3; } .who small { color: #566673; font-size: 11px; }
.tabs { background: #36566f; } .tabs ul { display: flex; margin: 0; padding: 0 12px; list-style: none; flex-wrap: wrap; } .tabs li { list-style: none; }
.tabs a { display: block; padding: 7px 16px; color: #fff; text-decoration: none; font-weight: 600; } .tabs .on a, .tabs a:hover { background: #fff; color: #26415a; }
main { padding: 14px 20px 40px; max-width: 1280px; margin: 0 auto; }
.title { display: flex; align-items: baseline; gap: 14px; flex-wrap: wrap; } h1 { font-size: 22px; font-weight: 400; margin: 4px 0; color: #26415a; } .id { color: #566673; }
.tester { display: flex; gap: 6px; align-items: center; flex-wrap: wrap; margin: 6px 0 14px; padding: 6px 10px; border: 1px dashed #8d9aa6; background: #f7f9fa; color: #3c4a56; }
.tester select, .tester button { text-transform: none !important; background: #fff !important; border: 1px solid #7f8d99; padding: 3px 6px !important; color: #24303c; min-height: 24px; max-width: 100%; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 280px; gap: 16px; align-items: start; } aside { display: grid; gap: 16px; }
.portlet { background: #fff; border: 1px solid #cdd5dc; } .portlet h2 { margin: 0; padding: 6px 12px; font-size: 13px; background: #e3e9ee; color: #26415a; border-bottom: 1px solid #cdd5dc; }
.portlet .inside { padding: 12px; overflow-wrap: anywhere; } .portlet.main .inside { padding: 16px; }
dl { margin: 0; display: grid; grid-template-columns: auto 1fr; gap: 4px 12px; } dt { color: #566673; } dd { margin: 0; text-align: end; }
footer { margin-top: 20px; color: #4c5a66; }
@media (max-width: 860px) { .columns { grid-template-columns: minmax(0, 1fr); } main { padding: 10px 8px 30px; } .portlet.main .inside { padding: 8px; } .search { display: none; } .who { margin-inline-start: auto; } }
`;
