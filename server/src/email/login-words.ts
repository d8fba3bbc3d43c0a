import type { Locale } from "../../contract/index.ts";

/** Of a mail that lets somebody in. `{seller}`, `{name}`, `{code}`, `{minutes}`, `{days}`. */
export interface LoginWords {
  loginSubject: string;
  invitationSubject: string;
  stepUpSubject: string;
  loginLead: string;
  invitationLead: string;
  stepUpLead: string;
  button: string;
  codeLabel: string;
  lifeMinutes: string;
  lifeDays: string;
  notYou: string;
}

export const loginWords: Readonly<Record<Locale, LoginWords>> = {
  en: {
    loginSubject: "{code} is your code for {seller}",
    invitationSubject: "You are invited to {seller}",
    stepUpSubject: "{code} confirms your change at {seller}",
    loginLead: "Sign in to {seller} with this button, or type the code where you are asked for it.",
    invitationLead: "You now have a place on the team of {seller}. The button lets you in.",
    stepUpLead: "Type this code to confirm the change you are about to make at {seller}.",
    button: "Sign in",
    codeLabel: "Your code",
    lifeMinutes: "It is good for {minutes} minutes and can be used once.",
    lifeDays: "It is good for {days} days and can be used once.",
    notYou: "You did not ask for this? Then nothing happens: without this mail nobody gets in.",
  },
  de: {
    loginSubject: "{code} ist Ihr Code für {seller}",
    invitationSubject: "Sie sind zu {seller} eingeladen",
    stepUpSubject: "{code} bestätigt Ihre Änderung bei {seller}",
    loginLead:
      "Melden Sie sich mit diesem Knopf bei {seller} an, oder geben Sie den Code ein, wo danach gefragt wird.",
    invitationLead: "Sie haben jetzt einen Platz im Team von {seller}. Der Knopf lässt Sie hinein.",
    stepUpLead: "Geben Sie diesen Code ein, um Ihre Änderung bei {seller} zu bestätigen.",
    button: "Anmelden",
    codeLabel: "Ihr Code",
    lifeMinutes: "Er gilt {minutes} Minuten und nur einmal.",
    lifeDays: "Er gilt {days} Tage und nur einmal.",
    notYou: "Sie haben das nicht angefordert? Dann geschieht nichts: Ohne diese Mail kommt niemand hinein.",
  },
  es: {
    loginSubject: "{code} es su código para {seller}",
    invitationSubject: "Le han invitado a {seller}",
    stepUpSubject: "{code} confirma su cambio en {seller}",
    loginLead: "Entre en {seller} con este botón, o escriba el código donde se le pida.",
    invitationLead: "Ya tiene un sitio en el equipo de {seller}. El botón le deja entrar.",
    stepUpLead: "Escriba este código para confirmar el cambio que va a hacer en {seller}.",
    button: "Entrar",
    codeLabel: "Su código",
    lifeMinutes: "Vale {minutes} minutos y una sola vez.",
    lifeDays: "Vale {days} días y una sola vez.",
    notYou: "¿No lo ha pedido usted? Entonces no pasa nada: sin este correo nadie entra.",
  },
  fr: {
    loginSubject: "{code} est votre code pour {seller}",
    invitationSubject: "Vous êtes invité chez {seller}",
    stepUpSubject: "{code} confirme votre modification chez {seller}",
    loginLead: "Connectez-vous à {seller} avec ce bouton, ou saisissez le code là où il vous est demandé.",
    invitationLead: "Vous avez maintenant une place dans l’équipe de {seller}. Le bouton vous fait entrer.",
    stepUpLead: "Saisissez ce code pour confirmer la modification que vous allez faire chez {seller}.",
    button: "Se connecter",
    codeLabel: "Votre code",
    lifeMinutes: "Il est valable {minutes} minutes, une seule fois.",
    lifeDays: "Il est valable {days} jours, une seule fois.",
    notYou: "Vous n’avez rien demandé ? Alors il ne se passe rien : sans ce message, personne n’entre.",
  },
  ar: {
    loginSubject: "{code} هو رمزك لدى {seller}",
    invitationSubject: "أنت مدعو إلى {seller}",
    stepUpSubject: "{code} يؤكد تغييرك لدى {seller}",
    loginLead: "سجّل الدخول إلى {seller} بهذا الزر، أو اكتب الرمز حيث يُطلب منك.",
    invitationLead: "لديك الآن مكان في فريق {seller}. يتيح لك الزر الدخول.",
    stepUpLead: "اكتب هذا الرمز لتأكيد التغيير الذي ستجريه لدى {seller}.",
    button: "تسجيل الدخول",
    codeLabel: "رمزك",
    lifeMinutes: "صالح لمدة {minutes} دقيقة ولمرة واحدة.",
    lifeDays: "صالح لمدة {days} أيام ولمرة واحدة.",
    notYou: "لم تطلب هذا؟ إذن لن يحدث شيء: لا يدخل أحد من دون هذه الرسالة.",
  },
};
