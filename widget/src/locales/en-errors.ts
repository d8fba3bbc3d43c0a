/** Words for refusals and declines: what happened, and what to do next. A session brings them along. */
export const enErrors = {
  "decline.declined":
    "Your bank declined the payment. Nothing was charged. Try another card or ask your bank.",
  "decline.insufficient_funds":
    "The card has too little credit. Nothing was charged. Pay less or use another card.",
  "decline.expired_card": "The card has expired. Nothing was charged. Use another card.",
  "decline.incorrect_cvc": "The security code is not right. Nothing was charged. Check it and try again.",
  "decline.authentication_failed": "Your bank could not confirm it was you. Nothing was charged. Try again.",
  "decline.abandoned": "The payment was not confirmed in time. Nothing was charged. Try again.",
  failed: "The payment did not reach your bank. Nothing was charged. Try again.",

  "error.malformed_request": "Something went wrong on this page. Reload it and try again.",
  "error.validation_failed": "Something in the payment was not accepted. Check the amounts and try again.",
  "error.token_missing": "Your session could not start. Reload this page.",
  "error.token_invalid": "Your session could not start. Reload this page.",
  "error.token_expired": "Your session has ended. Reload this page to go on.",
  "error.token_replayed": "This page was opened twice. Reload it to go on.",
  "error.tenant_mismatch": "This session belongs to another seller. Reload this page.",
  "error.tenant_suspended": "The seller takes no payments here at the moment. Contact the seller.",
  "error.scope_missing": "This session may not pay. Contact the seller.",
  "error.tenant_unknown": "This payment page is not set up. Contact the seller.",
  "error.not_found": "An invoice is no longer there. Check the list and try again.",
  "error.method_not_allowed": "Something went wrong on this page. Reload it and try again.",
  "error.payment_in_progress":
    "Another payment for one of these invoices is under way. Check the list, then pay the rest.",
  "error.amount_changed": "The total has changed. Check it, then confirm again. Nothing was charged.",
  "error.invoice_closed": "One of these invoices is already paid. Check the list, then pay the rest.",
  "error.body_too_large": "There are too many invoices in one payment. Choose fewer.",
  "error.unsupported_media_type": "Something went wrong on this page. Reload it and try again.",
  "error.idempotency_mismatch":
    "This payment was already sent with other amounts. Check the list and pay again.",
  "error.amount_exceeds_balance": "An amount is above what is still open. Check the amounts and try again.",
  "error.amount_below_minimum":
    "The amount is too small for one payment. Pay more, or the whole rest of an invoice.",
  "error.currency_mismatch": "The invoices are not in one currency. Choose again.",
  "error.payment_method_invalid":
    "The card could not be used. Nothing was charged. Enter it again or use another.",
  "error.too_many_declines":
    "Several payments did not go through. Wait a while, then try again, or ask your bank.",
  "error.rate_limited": "Too many tries at once. Wait a minute, then try again.",
  "error.internal": "Something went wrong on our side. Try again in a moment.",
  "error.provider_unavailable": "The payment provider cannot be reached. Try again in a moment.",
  "error.erp_unavailable": "The invoices cannot be read right now. Try again in a moment.",
  "error.tenant_deleting": "The seller takes no more payments here. Contact the seller.",
  "error.tenant_moving": "Payments pause for a moment. Try again in a few seconds.",
  "error.tenant_upgrading": "Payments are being updated. Try again in a minute.",
  "error.tenant_unavailable": "Payments are not available right now. Try again in a moment.",
  "error.no_token": "This page did not start a payment session. Reload it or contact the seller.",
  "error.insecure_page": "Payments need a secure (https) page. Contact the seller.",
} as const;
