import type { EnteredField } from "./entered-invoice.ts";

/** What columns are called, in small letters without blanks, signs and accents; in the five languages. */
const heads: Readonly<Record<EnteredField, string>> = {
  number: `number invoice invoicenumber invoiceno invoicenr invoicenum no nr docnumber documentnumber rechnung
    rechnungsnummer rechnungsnr rechnungnr belegnummer facture numero numerofacture nofacture numerodefacture factura
    numerofactura numerodefactura nofactura رقمالفاتورة الفاتورة`,
  id: "id externalid invoiceid external extid",
  customerId: `customer customerid customerno customernumber customernr client clientid clientno accountnumber debtor
    kunde kundennummer kundennr kundenid debitor numeroclient noclient numerodeclient codeclient cliente idcliente
    numerocliente codigocliente رقمالعميل العميل`,
  customerName: `customername name company companyname clientname kundenname firma nomclient nomduclient nom societe
    nombre nombrecliente nombredelcliente empresa اسمالعميل`,
  customerEmail:
    "customeremail email mail emailaddress clientemail correo correoelectronico courriel البريدالإلكتروني",
  currency: "currency currencycode ccy waehrung wahrung devise monnaie moneda divisa العملة",
  total: `total amount totalamount invoicetotal invoiceamount gross grossamount betrag gesamt gesamtbetrag summe brutto
    rechnungsbetrag montant montantttc totalttc importe importetotal المبلغ الإجمالي`,
  issuedOn: `issuedon issued date invoicedate issuedate dateofissue dateissued rechnungsdatum datum belegdatum
    datefacture datedefacture dateemission fecha fechafactura fechadefactura fechaemision تاريخالفاتورة`,
  dueOn: `dueon due duedate datedue paymentdue fallig faellig faelligam falligam faelligkeit falligkeit
    falligkeitsdatum faelligkeitsdatum echeance dateecheance datedecheance vencimiento fechavencimiento
    fechadevencimiento تاريخالاستحقاق`,
};

const plain = (head: string): string =>
  head
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");

const fields: ReadonlyMap<string, EnteredField> = new Map(
  Object.entries(heads).flatMap(([field, listed]) =>
    listed.split(/\s+/).map((head) => [plain(head), field as EnteredField]),
  ),
);

/** null: none of ours. */
export const fieldOfHead = (head: string): EnteredField | null => fields.get(plain(head)) ?? null;
