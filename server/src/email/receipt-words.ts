import type { Locale } from "../../contract/index.ts";

/** `{name}` stands for a value. */
export interface ReceiptWords {
  subject: string;
  preheader: string;
  title: string;
  thanks: string;
  number: string;
  date: string;
  card: string;
  cardEnding: string;
  invoice: string;
  amount: string;
  subtotal: string;
  surcharge: string;
  total: string;
  /** Stands under every receipt that has a surcharge. */
  surchargeLegal: string;
  /** Stands under every receipt. */
  legal: string;
  questions: string;
}

export const receiptWords: Record<Locale, ReceiptWords> = {
  en: {
    subject: "Receipt {number} from {seller}",
    preheader: "We received your payment of {total}. Thank you.",
    title: "Payment received",
    thanks: "Thank you, {customer}. We received your payment of {total}.",
    number: "Receipt number",
    date: "Date",
    card: "Card",
    cardEnding: "{brand} ending in {last4}",
    invoice: "Invoice",
    amount: "Amount",
    subtotal: "Invoices",
    surcharge: "Card surcharge",
    total: "Total paid",
    surchargeLegal:
      "A surcharge applies to payments by credit card. It was shown before you paid, is not more than the cost of acceptance, and is given back with a full refund.",
    legal: "This receipt confirms a payment. It is not a tax invoice.",
    questions: "Questions about this payment? Write to {email}.",
  },
  es: {
    subject: "Recibo {number} de {seller}",
    preheader: "Hemos recibido su pago de {total}. Gracias.",
    title: "Pago recibido",
    thanks: "Gracias, {customer}. Hemos recibido su pago de {total}.",
    number: "Número de recibo",
    date: "Fecha",
    card: "Tarjeta",
    cardEnding: "{brand} terminada en {last4}",
    invoice: "Factura",
    amount: "Importe",
    subtotal: "Facturas",
    surcharge: "Recargo por tarjeta",
    total: "Total pagado",
    surchargeLegal:
      "El pago con tarjeta de crédito lleva un recargo. Se mostró antes de pagar, no supera el coste de aceptación y se devuelve con un reembolso total.",
    legal: "Este recibo confirma un pago. No es una factura.",
    questions: "¿Preguntas sobre este pago? Escriba a {email}.",
  },
  fr: {
    subject: "Reçu {number} de {seller}",
    preheader: "Nous avons bien reçu votre paiement de {total}. Merci.",
    title: "Paiement reçu",
    thanks: "Merci, {customer}. Nous avons bien reçu votre paiement de {total}.",
    number: "Numéro de reçu",
    date: "Date",
    card: "Carte",
    cardEnding: "{brand} se terminant par {last4}",
    invoice: "Facture",
    amount: "Montant",
    subtotal: "Factures",
    surcharge: "Supplément carte",
    total: "Total payé",
    surchargeLegal:
      "Un supplément s’applique aux paiements par carte de crédit. Il a été affiché avant le paiement, ne dépasse pas le coût d’acceptation et est rendu lors d’un remboursement intégral.",
    legal: "Ce reçu confirme un paiement. Il ne vaut pas facture.",
    questions: "Une question sur ce paiement ? Écrivez à {email}.",
  },
  de: {
    subject: "Beleg {number} von {seller}",
    preheader: "Ihre Zahlung über {total} ist eingegangen. Vielen Dank.",
    title: "Zahlung eingegangen",
    thanks: "Vielen Dank, {customer}. Ihre Zahlung über {total} ist eingegangen.",
    number: "Belegnummer",
    date: "Datum",
    card: "Karte",
    cardEnding: "{brand}, endet auf {last4}",
    invoice: "Rechnung",
    amount: "Betrag",
    subtotal: "Rechnungen",
    surcharge: "Kartenaufschlag",
    total: "Gezahlt",
    surchargeLegal:
      "Für Zahlungen mit Kreditkarte gilt ein Aufschlag. Er wurde vor der Zahlung angezeigt, ist nicht höher als die Kosten der Annahme und wird bei voller Erstattung zurückgezahlt.",
    legal: "Dieser Beleg bestätigt eine Zahlung. Er ist keine Rechnung.",
    questions: "Fragen zu dieser Zahlung? Schreiben Sie an {email}.",
  },
  ar: {
    subject: "إيصال {number} من {seller}",
    preheader: "استلمنا دفعتكم بمبلغ {total}. شكرًا لكم.",
    title: "تم استلام الدفعة",
    thanks: "شكرًا لكم، {customer}. استلمنا دفعتكم بمبلغ {total}.",
    number: "رقم الإيصال",
    date: "التاريخ",
    card: "البطاقة",
    cardEnding: "{brand} تنتهي بـ {last4}",
    invoice: "الفاتورة",
    amount: "المبلغ",
    subtotal: "الفواتير",
    surcharge: "رسم إضافي للبطاقة",
    total: "المبلغ المدفوع",
    surchargeLegal:
      "يُضاف رسم إلى المدفوعات ببطاقة الائتمان. عُرض عليكم قبل الدفع، ولا يزيد على تكلفة القبول، ويُعاد عند استرداد المبلغ كاملًا.",
    legal: "يؤكد هذا الإيصال دفعة، وليس فاتورة ضريبية.",
    questions: "لديكم أسئلة عن هذه الدفعة؟ راسلونا على {email}.",
  },
};

export const fill = (words: string, values: Record<string, string>): string =>
  words.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
