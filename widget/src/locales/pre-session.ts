import type { Locale } from "@clarity/bff/contract";

/** The few words needed before a session brings the rest, in every language. They travel in the script: keep them few. */
type PreSession = Record<
  "loading" | "retry" | "error.unavailable" | "error.session_ended" | "error.proof_invalid",
  string
>;

export const preSession: Record<Locale, PreSession> = {
  en: {
    loading: "Loading your invoices…",
    retry: "Try again",
    "error.unavailable": "Payments are not available right now. Try again in a moment.",
    "error.session_ended": "Your session has ended. Reload this page to go on.",
    "error.proof_invalid":
      "Your device’s date or time seems to be wrong. Set it right, then open this page anew.",
  },
  es: {
    loading: "Cargando sus facturas…",
    retry: "Reintentar",
    "error.unavailable": "El pago no está disponible ahora. Inténtelo de nuevo en un momento.",
    "error.session_ended": "Su sesión ha terminado. Vuelva a cargar esta página.",
    "error.proof_invalid":
      "La fecha o la hora de su dispositivo parece incorrecta. Corríjala y abra esta página de nuevo.",
  },
  fr: {
    loading: "Chargement de vos factures…",
    retry: "Réessayer",
    "error.unavailable": "Le paiement est indisponible pour le moment. Réessayez dans un instant.",
    "error.session_ended": "Votre session est terminée. Rechargez cette page.",
    "error.proof_invalid":
      "La date ou l’heure de votre appareil semble fausse. Corrigez-la, puis rouvrez cette page.",
  },
  de: {
    loading: "Ihre Rechnungen werden geladen…",
    retry: "Erneut versuchen",
    "error.unavailable": "Zahlen ist gerade nicht möglich. Versuchen Sie es gleich noch einmal.",
    "error.session_ended": "Ihre Sitzung ist beendet. Laden Sie diese Seite neu.",
    "error.proof_invalid":
      "Datum oder Uhrzeit Ihres Geräts scheint falsch zu sein. Stellen Sie sie richtig und öffnen Sie diese Seite neu.",
  },
  ar: {
    loading: "جارٍ تحميل فواتيرك…",
    retry: "أعد المحاولة",
    "error.unavailable": "الدفع غير متاح الآن. أعد المحاولة بعد قليل.",
    "error.session_ended": "انتهت جلستك. أعد تحميل هذه الصفحة.",
    "error.proof_invalid": "يبدو أن تاريخ جهازك أو وقته غير صحيح. اضبطه ثم افتح هذه الصفحة من جديد.",
  },
};
