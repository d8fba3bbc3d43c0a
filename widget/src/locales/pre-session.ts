import type { Locale } from "@clarity/bff/contract";

/**
 * The few words needed before a session brings the rest, in every language: what the payer can do, not what went wrong,
 * which is told to the page's console. They travel in the script: keep them few. `{seller}` is `early.seller` where the
 * seller's name may not be known.
 */
type PreSession = Record<
  | "loading"
  | "retry"
  | "error.unavailable"
  | "error.network"
  | "error.session_ended"
  | "error.proof_invalid"
  | "early.anew"
  | "early.contact"
  | "early.seller",
  string
>;

export const preSession: Record<Locale, PreSession> = {
  en: {
    loading: "Loading your invoices…",
    retry: "Try again",
    "error.unavailable": "Payments are not available right now. Try again in a moment.",
    "error.network": "There is no connection. Check your network, then try again.",
    "error.session_ended": "Your session has ended. Open this page anew to go on.",
    "error.proof_invalid":
      "Your device’s date or time seems to be wrong. Set it right, then open this page anew.",
    "early.anew":
      "Your invoices could not be opened. Open this page anew. If that does not help, contact {seller}.",
    "early.contact": "Payments are not available here. Contact {seller}.",
    "early.seller": "the seller",
  },
  es: {
    loading: "Cargando sus facturas…",
    retry: "Reintentar",
    "error.unavailable": "El pago no está disponible ahora. Inténtelo de nuevo en un momento.",
    "error.network": "No hay conexión. Revise su red e inténtelo de nuevo.",
    "error.session_ended": "Su sesión ha terminado. Abra esta página de nuevo para continuar.",
    "error.proof_invalid":
      "La fecha o la hora de su dispositivo parece incorrecta. Corríjala y abra esta página de nuevo.",
    "early.anew":
      "No se pudieron abrir sus facturas. Abra esta página de nuevo. Si no ayuda, consulte a {seller}.",
    "early.contact": "Aquí no se puede pagar. Consulte a {seller}.",
    "early.seller": "su vendedor",
  },
  fr: {
    loading: "Chargement de vos factures…",
    retry: "Réessayer",
    "error.unavailable": "Le paiement est indisponible pour le moment. Réessayez dans un instant.",
    "error.network": "Il n’y a pas de connexion. Vérifiez votre réseau, puis réessayez.",
    "error.session_ended": "Votre session est terminée. Rouvrez cette page pour continuer.",
    "error.proof_invalid":
      "La date ou l’heure de votre appareil semble fausse. Corrigez-la, puis rouvrez cette page.",
    "early.anew":
      "Vos factures n’ont pas pu être ouvertes. Rouvrez cette page. Si cela n’aide pas, contactez {seller}.",
    "early.contact": "Le paiement n’est pas disponible ici. Contactez {seller}.",
    "early.seller": "le vendeur",
  },
  de: {
    loading: "Ihre Rechnungen werden geladen…",
    retry: "Erneut versuchen",
    "error.unavailable": "Zahlen ist gerade nicht möglich. Versuchen Sie es gleich noch einmal.",
    "error.network": "Es besteht keine Verbindung. Prüfen Sie Ihr Netz und versuchen Sie es noch einmal.",
    "error.session_ended": "Ihre Sitzung ist beendet. Öffnen Sie diese Seite neu, um fortzufahren.",
    "error.proof_invalid":
      "Datum oder Uhrzeit Ihres Geräts scheint falsch zu sein. Stellen Sie sie richtig und öffnen Sie diese Seite neu.",
    "early.anew":
      "Ihre Rechnungen konnten nicht geöffnet werden. Öffnen Sie diese Seite neu. Hilft das nicht, fragen Sie bei {seller} nach.",
    "early.contact": "Hier kann nicht gezahlt werden. Fragen Sie bei {seller} nach.",
    "early.seller": "Ihrem Verkäufer",
  },
  ar: {
    loading: "جارٍ تحميل فواتيرك…",
    retry: "أعد المحاولة",
    "error.unavailable": "الدفع غير متاح الآن. أعد المحاولة بعد قليل.",
    "error.network": "لا يوجد اتصال. تحقق من شبكتك ثم أعد المحاولة.",
    "error.session_ended": "انتهت جلستك. افتح هذه الصفحة من جديد للمتابعة.",
    "error.proof_invalid": "يبدو أن تاريخ جهازك أو وقته غير صحيح. اضبطه ثم افتح هذه الصفحة من جديد.",
    "early.anew": "تعذّر فتح فواتيرك. افتح هذه الصفحة من جديد. إن لم يفد ذلك، فتواصل مع {seller}.",
    "early.contact": "الدفع غير متاح هنا. تواصل مع {seller}.",
    "early.seller": "البائع",
  },
};
