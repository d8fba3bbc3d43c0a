/**
 * Puts the payment form on a customer's record.
 *
 * Set-up: Setup > Company > API Secrets: `custsecret_pay_embed` holds the embed secret, this script
 * may use it. Script parameters: `custscript_pay_origin` (https://pay.example.com),
 * `custscript_pay_key_id` (the embed key's id), `custscript_pay_version` and
 * `custscript_pay_integrity` (pinned together: what runs is what was reviewed).
 *
 * @NApiVersion 2.1
 * @NScriptType UserEventScript
 * @NModuleScope SameAccount
 */
define(["N/crypto", "N/crypto/random", "N/encode", "N/runtime", "N/ui/serverWidget"], (
  crypto,
  random,
  encode,
  runtime,
  serverWidget,
) => {
  const lifetimeS = 300;

  const beforeLoad = (context) => {
    if (context.type !== context.UserEventType.VIEW) return;
    const script = runtime.getCurrentScript();
    const parameter = (name) => String(script.getParameter({ name: `custscript_pay_${name}` }));
    const token = embedToken(parameter("key_id"), String(context.newRecord.id));
    const field = context.form.addField({
      id: "custpage_pay_form",
      type: serverWidget.FieldType.INLINEHTML,
      label: "Pay open invoices",
    });
    const source = `${parameter("origin")}/v/${parameter("version")}/pay-form.js`;
    field.defaultValue =
      `<script src="${source}" integrity="${parameter("integrity")}" crossorigin="anonymous" async></script>` +
      `<pay-form token="${token}"></pay-form>`;
  };

  /** A JWT (RFC 7519) signed with HS256: who pays, for five minutes, once. */
  const embedToken = (keyId, customerId) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: keyId,
      aud: "pay",
      sub: customerId,
      iat: now,
      exp: now + lifetimeS,
      jti: random.generateUUID(),
    };
    const input = `${segment({ alg: "HS256", typ: "JWT" })}.${segment(claims)}`;
    const key = crypto.createSecretKey({ secret: "custsecret_pay_embed", encoding: encode.Encoding.UTF_8 });
    const hmac = crypto.createHmac({ algorithm: crypto.HashAlg.SHA256, key });
    hmac.update({ input, inputEncoding: encode.Encoding.UTF_8 });
    return `${input}.${unpadded(hmac.digest({ outputEncoding: encode.Encoding.BASE_64_URL_SAFE }))}`;
  };

  const segment = (value) =>
    unpadded(
      encode.convert({
        string: JSON.stringify(value),
        inputEncoding: encode.Encoding.UTF_8,
        outputEncoding: encode.Encoding.BASE_64_URL_SAFE,
      }),
    );

  const unpadded = (base64url) => base64url.replace(/=+$/, "");

  return { beforeLoad };
});
