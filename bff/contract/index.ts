/** What a browser sends and sees: an allow-list over the server's shapes, and the session around them. */
export {
  AmountMinor,
  CardBrand,
  CardFunding,
  CardMethod,
  Currency,
  DeclineReason,
  ErrorCode,
  errorCodes,
  Freshness,
  Invoice,
  InvoiceList,
  Locale,
  Payment,
  PaymentId,
  PaymentLine,
  PaymentRequest,
  PaymentState,
  Problem,
  SurchargeRule,
  ThemeView,
} from "@clarity/server/contract";
export { Renewal, Session, SessionRequest } from "./session.ts";
