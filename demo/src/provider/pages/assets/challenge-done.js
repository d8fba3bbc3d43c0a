// Tells the form that frames this page that the payer has decided. It then asks its own server.
const origin = document.currentScript.dataset.returnOrigin;
if (origin && window.parent !== window) window.parent.postMessage({ type: "challenge-done" }, origin);
