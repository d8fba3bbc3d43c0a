import type { Locale } from "@clarity/bff/contract";

/** The few words needed before a session brings the rest, in every language. They travel in the script: keep them few. */
type PreSession = Record<"loading" | "retry" | "error.unavailable" | "error.session_ended", string>;

export const preSession: Record<Locale, PreSession> = {
  en: {
    loading: "Loading your invoices…",
    retry: "Try again",
    "error.unavailable": "Payments are not available right now. Try again in a moment.",
    "error.session_ended": "Your session has ended. Reload this page to go on.",
  },
  es: {
    loading: "Cargando sus facturas…",
    retry: "Reintentar",
    "error.unavailable": "El pago no está disponible ahora. Inténtelo de nuevo en un momento.",
    "error.session_ended": "Su sesión ha terminado. Vuelva a cargar esta página.",
  },
  fr: {
    loading: "Chargement de vos factures…",
    retry: "Réessayer",
    "error.unavailable": "Le paiement est indisponible pour le moment. Réessayez dans un instant.",
    "error.session_ended": "Votre session est terminée. Rechargez cette page.",
  },
  de: {
    loading: "Ihre Rechnungen werden geladen…",
    retry: "Erneut versuchen",
    "error.unavailable": "Zahlen ist gerade nicht möglich. Versuchen Sie es gleich noch einmal.",
    "error.session_ended": "Ihre Sitzung ist beendet. Laden Sie diese Seite neu.",
  },
  ar: {
    loading: "جارٍ تحميل فواتيرك…",
    retry: "أعد المحاولة",
    "error.unavailable": "الدفع غير متاح الآن. أعد المحاولة بعد قليل.",
    "error.session_ended": "انتهت جلستك. أعد تحميل هذه الصفحة.",
  },
};
