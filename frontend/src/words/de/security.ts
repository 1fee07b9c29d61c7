import type { security as en } from '../en/security'
import type { Message } from '../words.svelte'

export const security: Record<keyof typeof en, Message> = {
  'security.title': 'Sicherheit',
  'security.intro': 'Wo das Konto angemeldet ist, und wer es versucht hat.',
  'security.why_offline': 'Der Server antwortet nicht; daher lässt sich jetzt nichts beenden.',
  'security.sessions': 'Sitzungen und Computer',
  'security.sessions_says': 'Jeder Computer und jedes Programm, das bei diesem Konto angemeldet ist.',
  'security.sessions_none': 'Niemand ist angemeldet.',
  'security.some_program': 'Ein Programm ohne Namen',
  'security.used': 'Zuletzt benutzt {when} von {address}',
  'security.began': 'Angemeldet am {when}',
  'security.ends_idle': 'endet unbenutzt {when}',
  'security.ends': 'spätestens am {when}',
  'security.token': 'Token',
  'security.end': 'Beenden',
  'security.end_of': 'Die Sitzung von {name} beenden',
  'security.sign_out': 'Abmelden …',
  'security.end_others': 'Alle anderen beenden …',
  'security.ended': { one: '{n} Sitzung wurde beendet.', other: '{n} Sitzungen wurden beendet.' },
  'security.end_title': 'Die Sitzung von {name} beenden?',
  'security.end_others_title': { one: '{n} andere Sitzung beenden?', other: '{n} andere Sitzungen beenden?' },
  'security.end_says':
    'Sofort abgemeldet: {names}. Container-Werkzeuge dort werden abgewiesen und erreichen nur noch öffentliche Images.',
  'security.end_more':
    'Von Hand erzeugte Token gelten weiter. Ist dieser Computer unbekannt, auch das Passwort ändern.',
  'security.end_others_more':
    'Dieser Computer bleibt angemeldet, und von Hand erzeugte Token gelten weiter. Anderswo geht es mit einer neuen Anmeldung weiter.',
  'security.end_others_do': 'Beenden',
  'security.sign_ins': 'Letzte Anmeldungen',
  'security.sign_ins_none': 'Noch ist nichts vermerkt.',
  'security.sign_ins_all': 'Alle {n} anzeigen',
  'security.passed': 'Angemeldet',
  'security.refused': 'Abgewiesen',
  'security.factors': 'Zweite Faktoren',
  'security.app': 'App mit Codes',
  'security.on': 'Eingerichtet',
  'security.off': 'Nicht eingerichtet',
  'security.passkeys': 'Passkeys',
  'security.none': 'Keine',
  'security.recovery': 'Wiederherstellungscodes',
  'security.recovery_left': { one: '{n} übrig', other: '{n} übrig' },
  'security.factors_off': 'Wer das Passwort erfährt, ist drin. Ein zweiter Faktor hält ihn draußen.',
  'security.factors_untold':
    'Dieser Server sagt nicht, welche zweiten Faktoren es gibt; auf seiner Seite steht es.',
  'security.open': 'Im Browser verwalten',
  'security.hub': 'Docker Hub verrät es nicht',
  'security.hub_says':
    'Docker Hub verrät keinem anderen Programm, wo das Konto angemeldet ist, wer es versucht hat und welche zweiten Faktoren es gibt. All das steht auf seinen eigenen Seiten.',
  'security.pasted': 'Einem eingefügten Token nicht verraten',
  'security.pasted_says':
    'Dieses Konto kam mit einem eingefügten Token. Ein solches darf laden oder hochladen und erfährt nichts von Sitzungen, Anmeldungen oder zweiten Faktoren. Verwaltet werden sie dort, wo es entstand.',
  'security.foreign_here': 'Was sich hier tun lässt: diesen Computer abmelden.',
  'security.open_hub': 'Docker Hub öffnen',
}
