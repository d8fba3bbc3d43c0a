/** Look of a model-driven form: dark top bar, site map, white cards on grey. */
export const formCss = `
:root { color-scheme: light; }
body { margin: 0; font: 14px/1.45 "Segoe UI", system-ui, sans-serif; color: #242424; background: #f0f0f0; }
a { color: #0b5a9d; }
header.top { display: flex; align-items: center; gap: 14px; height: 48px; padding: 0 16px; background: #0d2b45; color: #fff; } header.top strong { font-size: 16px; font-weight: 600; white-space: nowrap; } header.top .app { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; border-inline-start: 1px solid #5c7389; padding-inline-start: 14px; }
.waffle { width: 16px; height: 16px; background: radial-gradient(circle, #fff 1.6px, transparent 2px) 0 0 / 5.4px 5.4px; } .me { margin-inline-start: auto; width: 30px; line-height: 30px !important; text-align: center; border-radius: 50%; background: #cfe4f5; color: #0d2b45; font-size: 12px; }
.shell { display: grid; grid-template-columns: 190px minmax(0, 1fr); min-height: calc(100vh - 48px); }
.map { background: #fafafa; border-inline-end: 1px solid #e0e0e0; padding: 10px 0; } .map ul { margin: 0 0 8px; padding: 0; list-style: none; } .map li { list-style: none; } .map h2 { font-size: 12px; margin: 12px 16px 4px; color: #5c5c5c; font-weight: 600; }
.map a { display: block; padding: 6px 16px; color: #242424; text-decoration: none; } .map .on a { border-inline-start: 3px solid #0b5a9d; background: #fff; font-weight: 600; padding-inline-start: 13px; }
main { padding: 0 16px 40px; max-width: 1180px; }
.commands { display: flex; gap: 18px; flex-wrap: wrap; padding: 10px 4px; color: #424242; }
.tester { display: flex; gap: 6px; align-items: center; flex-wrap: wrap; margin: 0 0 12px; padding: 6px 10px; border: 1px dashed #8a8a8a; background: #fafafa; color: #424242; }
.tester select, .tester button { text-transform: none !important; background: #fff !important; border: 1px solid #767676; padding: 3px 6px !important; color: #242424; min-height: 24px; max-width: 100%; }
.card { background: #fff; border-radius: 4px; box-shadow: 0 1px 3px #0003; padding: 16px; margin-bottom: 12px; } .card h2 { margin: 0 0 10px; font-size: 15px; }
.record { display: flex; gap: 14px; align-items: center; flex-wrap: wrap; margin-bottom: 0; border-radius: 4px 4px 0 0; } .record h1 { font-size: 19px; margin: 0; } .record p { margin: 0; color: #5c5c5c; }
.avatar { width: 44px; line-height: 44px !important; text-align: center; border-radius: 50%; background: #0b5a9d; color: #fff; font-weight: 600; }
.record dl { display: flex; gap: 24px; margin: 0; margin-inline-start: auto; flex-wrap: wrap; } .record dt { font-weight: 600; } .record dd { margin: 0; color: #5c5c5c; font-size: 12px; }
.tablist { display: flex; gap: 22px; flex-wrap: wrap; background: #fff; padding: 8px 16px; margin-bottom: 12px; box-shadow: 0 1px 3px #0003; border-top: 1px solid #eee; } .tablist b { border-bottom: 3px solid #0b5a9d; }
/* As many rows as the form's editor gave it: the host follows nobody's height. */
#WebResource_pay { display: block; width: 100%; height: 960px; max-height: none; border: 0; }
#ClientApiFrame_1 { display: none; }
footer { color: #4a4a4a; }
@media (max-width: 760px) { .shell { grid-template-columns: minmax(0, 1fr); } .map { display: none; } main { padding: 0 6px 30px; } .card { padding: 10px 6px; } .record dl { margin-inline-start: 0; } }
`;
