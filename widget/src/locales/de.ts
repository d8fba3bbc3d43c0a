import type { Messages } from "./en.ts";
import { preSession } from "./pre-session.ts";

export const de: Messages = {
  ...preSession.de,
  title: "Offene Rechnungen",
  parties: "{customer} · zahlbar an {seller}",
  "empty.title": "Nichts zu zahlen",
  "empty.text": "Für {customer} sind keine Rechnungen offen. Vielen Dank.",
  refresh: "Aktualisieren",
  reference: "Referenz",
  "list.all": "Alle auswählen",
  "list.none": "Auswahl aufheben",
  "list.find": "Rechnungsnummer suchen",
  "list.notFound": "Keine Rechnungsnummer passt.",
  "list.showAll": "Alle anzeigen ({count})",
  "list.selected": "Ausgewählt: {count}. Summe {amount}.",
  "list.otherCurrency":
    "Eine Zahlung umfasst eine Währung. Heben Sie die Auswahl in {currency} auf, um hier zu wählen.",
  "list.limit": "Eine Zahlung umfasst höchstens {count} Rechnungen.",
  "list.switch": "Stattdessen {currency} wählen",
  "list.keys":
    "Mit den Pfeiltasten geht es von Rechnung zu Rechnung, die Leertaste wählt aus, die Tabulatortaste führt zum Betrag.",
  "list.changed": "Die offenen Beträge haben sich inzwischen geändert: {invoices}. Prüfen Sie Ihre Auswahl.",
  "list.refreshing": "Gelesen {ago}. Wird aktualisiert…",
  "list.unreachable":
    "Das System des Verkäufers ist gerade nicht erreichbar. Diese Liste wurde {ago} gelesen.",
  due: "Fällig am {date}",
  overdue: "Überfällig · {days}",
  underWay: "Zahlung läuft",
  partUnderWay: "{amount} davon werden gerade gezahlt",
  "amount.label": "Zu zahlender Betrag für {invoice}",
  "amount.of": "von {amount}",
  "amount.full": "Ganz zahlen",
  "amount.invalid": "Geben Sie einen Betrag wie {amount} ein.",
  "amount.ambiguous": "Das lässt sich als zwei verschiedene Beträge lesen. Schreiben Sie ihn wie {amount}.",
  "amount.low": "Geben Sie mindestens {amount} ein.",
  "amount.high": "Geben Sie höchstens {amount} ein.",
  "card.group": "Kartendaten",
  "card.note": "Ihre Kartendaten gehen direkt an den Zahlungsanbieter.",
  "card.loading": "Die Kartenfelder werden geladen…",
  "card.failed":
    "Die Kartenfelder konnten nicht geladen werden. Prüfen Sie Ihre Verbindung und versuchen Sie es erneut.",
  "card.unreachable":
    "Der Zahlungsanbieter ist nicht erreichbar. Es wurde nichts abgebucht. Versuchen Sie es erneut.",
  "card.number": "Kartennummer",
  "card.expiry": "Gültig bis",
  "card.cvc": "Prüfziffer",
  "card.cvcHint": "3 oder 4 Ziffern",
  "card.invalidNumber": "Prüfen Sie die Kartennummer.",
  "card.invalidExpiry": "Geben Sie Monat und Jahr ein, etwa 04 / 29.",
  "card.expiredCard": "Diese Karte ist abgelaufen. Nehmen Sie eine andere.",
  "card.invalidCvc": "Geben Sie die 3 oder 4 Ziffern Ihrer Karte ein.",
  "summary.title": "Übersicht",
  "summary.invoices": "Rechnungen ({count})",
  "summary.total": "Summe",
  "surcharge.line": "Kartenaufschlag ({percent})",
  "surcharge.capped": "Kartenaufschlag",
  "surcharge.notice":
    "Der Verkäufer berechnet für manche Karten einen Aufschlag von bis zu {percent}. Den genauen Betrag sehen Sie hier vor der Zahlung.",
  "surcharge.notDebit": "Für Debit- und Prepaidkarten gibt es keinen Aufschlag.",
  pay: "{amount} zahlen",
  continue: "Weiter",
  "pay.nothing": "Zahlen",
  "pay.choose": "Wählen Sie mindestens eine Rechnung aus.",
  "price.changed":
    "Die Summe ist jetzt {amount}. Prüfen Sie sie und bestätigen Sie erneut. Es wurde nichts abgebucht.",
  "progress.card": "Ihre Karte wird geprüft…",
  "progress.sending": "Ihre Zahlung wird gesendet…",
  "progress.retrying": "Langsame Verbindung. Neuer Versuch…",
  "progress.confirming": "Ihre Zahlung wird bestätigt…",
  "unclear.title": "Ihre Zahlung wird noch bestätigt",
  "unclear.text":
    "Bitte zahlen Sie nicht anderswo noch einmal. Die Prüfung fragt nach derselben Zahlung; es wird höchstens einmal abgebucht.",
  "unclear.check": "Erneut prüfen",
  leave: "Zurück zu den Rechnungen",
  "waiting.text": "Eine Zahlung über {amount} ist noch nicht abgeschlossen.",
  "waiting.elsewhere":
    "Eine Zahlung über {amount} für {invoices} wurde früher oder von jemand anderem begonnen und ist noch nicht abgeschlossen.",
  "waiting.continue": "Fortsetzen",
  "session.soon": "Die Sitzung endet bald. Ihre Eingaben bleiben, wenn Sie fortfahren.",
  "session.final":
    "Die Sitzung endet bald und kann nicht fortgesetzt werden. Zahlen Sie jetzt oder öffnen Sie diese Seite neu.",
  "session.goOn": "Fortfahren",
  "session.ended": "Die Sitzung ist beendet. Ihre Auswahl ist noch da.",

  "challenge.title": "Bei Ihrer Bank bestätigen",
  "challenge.text": "Folgen Sie den Schritten. Danach geht Ihre Zahlung von selbst weiter.",
  "challenge.done": "Ich habe bestätigt",
  "challenge.help":
    "Es geschieht nichts? Bestätigen Sie in Ihrer Banking-App und wählen Sie dann „Ich habe bestätigt“.",
  "receipt.title": "Zahlung eingegangen",
  "receipt.text": "Vielen Dank. Bewahren Sie diesen Beleg auf.",
  "receipt.number": "Belegnummer",
  "receipt.date": "Datum",
  "receipt.card": "Karte",
  "receipt.invoice": "Rechnung",
  "receipt.amount": "Betrag",
  "receipt.paidTo": "Gezahlt an",
  "receipt.print": "Drucken",
  "receipt.more": "Weitere Rechnungen zahlen",
  "decline.declined":
    "Ihre Bank hat die Zahlung abgelehnt. Es wurde nichts abgebucht. Nehmen Sie eine andere Karte oder fragen Sie Ihre Bank.",
  "decline.insufficient_funds":
    "Die Karte ist nicht ausreichend gedeckt. Es wurde nichts abgebucht. Zahlen Sie weniger oder mit einer anderen Karte.",
  "decline.expired_card":
    "Die Karte ist abgelaufen. Es wurde nichts abgebucht. Nehmen Sie eine andere Karte.",
  "decline.incorrect_cvc":
    "Die Prüfziffer stimmt nicht. Es wurde nichts abgebucht. Prüfen Sie sie und versuchen Sie es erneut.",
  "decline.authentication_failed":
    "Ihre Bank konnte Sie nicht bestätigen. Es wurde nichts abgebucht. Versuchen Sie es erneut.",
  "decline.abandoned":
    "Die Zahlung wurde nicht rechtzeitig bestätigt. Es wurde nichts abgebucht. Versuchen Sie es erneut.",
  failed: "Die Zahlung hat Ihre Bank nicht erreicht. Es wurde nichts abgebucht. Versuchen Sie es erneut.",
  "error.malformed_request":
    "Auf dieser Seite ist etwas schiefgegangen. Laden Sie sie neu und versuchen Sie es erneut.",
  "error.validation_failed":
    "Etwas an der Zahlung wurde nicht angenommen. Prüfen Sie die Beträge und versuchen Sie es erneut.",
  "error.token_missing": "Ihre Sitzung konnte nicht beginnen. Laden Sie diese Seite neu.",
  "error.token_invalid": "Ihre Sitzung konnte nicht beginnen. Laden Sie diese Seite neu.",
  "error.token_expired": "Ihre Sitzung ist beendet. Laden Sie diese Seite neu, um fortzufahren.",
  "error.token_replayed": "Diese Seite wurde zweimal geöffnet. Laden Sie sie neu, um fortzufahren.",
  "error.tenant_mismatch": "Diese Sitzung gehört zu einem anderen Verkäufer. Laden Sie diese Seite neu.",
  "error.tenant_suspended":
    "Der Verkäufer nimmt hier derzeit keine Zahlungen an. Wenden Sie sich an den Verkäufer.",
  "error.scope_missing": "Diese Sitzung darf nicht zahlen. Wenden Sie sich an den Verkäufer.",
  "error.tenant_unknown": "Diese Zahlungsseite ist nicht eingerichtet. Wenden Sie sich an den Verkäufer.",
  "error.not_found": "Eine Rechnung gibt es nicht mehr. Prüfen Sie die Liste und versuchen Sie es erneut.",
  "error.method_not_allowed":
    "Auf dieser Seite ist etwas schiefgegangen. Laden Sie sie neu und versuchen Sie es erneut.",
  "error.payment_in_progress":
    "Für eine dieser Rechnungen läuft schon eine Zahlung. Prüfen Sie die Liste und zahlen Sie den Rest.",
  "error.amount_changed":
    "Die Summe hat sich geändert. Prüfen Sie sie und bestätigen Sie erneut. Es wurde nichts abgebucht.",
  "error.invoice_closed":
    "Eine dieser Rechnungen ist schon bezahlt. Prüfen Sie die Liste und zahlen Sie den Rest.",
  "error.body_too_large": "Das sind zu viele Rechnungen für eine Zahlung. Wählen Sie weniger aus.",
  "error.unsupported_media_type":
    "Auf dieser Seite ist etwas schiefgegangen. Laden Sie sie neu und versuchen Sie es erneut.",
  "error.idempotency_mismatch":
    "Diese Zahlung wurde schon mit anderen Beträgen gesendet. Prüfen Sie die Liste und zahlen Sie erneut.",
  "error.amount_exceeds_balance":
    "Ein Betrag ist höher als der offene Rest. Prüfen Sie die Beträge und versuchen Sie es erneut.",
  "error.amount_below_minimum":
    "Der Betrag ist für eine Zahlung zu klein. Zahlen Sie mehr, oder den ganzen Rest einer Rechnung.",
  "error.currency_mismatch": "Die Rechnungen haben verschiedene Währungen. Wählen Sie neu aus.",
  "error.payment_method_invalid":
    "Die Karte konnte nicht verwendet werden. Es wurde nichts abgebucht. Geben Sie sie neu ein oder nehmen Sie eine andere.",
  "error.too_many_declines":
    "Mehrere Zahlungen sind nicht gelungen. Warten Sie eine Weile und versuchen Sie es dann erneut, oder fragen Sie Ihre Bank.",
  "error.rate_limited": "Zu viele Versuche auf einmal. Warten Sie eine Minute und versuchen Sie es erneut.",
  "error.internal": "Bei uns ist etwas schiefgegangen. Versuchen Sie es gleich noch einmal.",
  "error.provider_unavailable":
    "Der Zahlungsanbieter ist nicht erreichbar. Versuchen Sie es gleich noch einmal.",
  "error.erp_unavailable":
    "Die Rechnungen können gerade nicht gelesen werden. Versuchen Sie es gleich noch einmal.",
  "error.tenant_deleting":
    "Der Verkäufer nimmt hier keine Zahlungen mehr an. Wenden Sie sich an den Verkäufer.",
  "error.tenant_moving": "Zahlen pausiert einen Moment. Versuchen Sie es in ein paar Sekunden noch einmal.",
  "error.tenant_upgrading":
    "Das Bezahlen wird gerade aktualisiert. Versuchen Sie es in einer Minute noch einmal.",
  "error.tenant_unavailable": "Zahlen ist gerade nicht möglich. Versuchen Sie es gleich noch einmal.",
  "error.no_token":
    "Diese Seite hat keine Zahlungssitzung begonnen. Laden Sie sie neu oder fragen Sie den Verkäufer.",
  "error.insecure_page": "Zahlungen brauchen eine sichere Seite (https). Wenden Sie sich an den Verkäufer.",
};
