import type { Pair } from '../go'

// How the session stands, what is there, and what was done.
export const states: readonly Pair[] = [
  ['Read, Write, Delete', 'Lesen, Schreiben, Löschen'],
  ['Read, Write', 'Lesen, Schreiben'],
  ['Read', 'Lesen'],
  ['Public read', 'Öffentliches lesen'],
  ['A sign-in is under way.', 'Eine Anmeldung läuft.'],
  ['Finish it in the browser.', 'Im Browser abschließen.'],
  ['The session ends soon.', 'Die Sitzung endet bald.'],
  ['Sign in again to begin a new one.', 'Neu anmelden, um eine neue zu beginnen.'],
  [
    'The service does not answer. The token is kept, and its end is counted on this computer.',
    'Der Dienst antwortet nicht. Das Token bleibt, und sein Ende wird auf diesem Computer gezählt.',
  ],
  ['Check the network. Lanyard asks again by itself.', 'Das Netz prüfen. Lanyard fragt von selbst wieder.'],
  ["Start this computer's own service.", 'Den Dienst dieses Computers starten.'],
  [
    "This computer's token was deactivated, so every pull and push with it is refused.",
    'Das Token dieses Computers wurde deaktiviert; Laden und Hochladen damit werden abgewiesen.',
  ],
  ['Activate it, or sign out.', 'Aktivieren, oder abmelden.'],
  [
    "This computer's token gave way to another computer's (an account has at most five).",
    'Das Token dieses Computers wich dem eines anderen Computers (ein Konto hat höchstens fünf).',
  ],
  [
    "This computer's token gave way to another computer (an account has at most five).",
    'Das Token dieses Computers wich dem eines anderen Computers (ein Konto hat höchstens fünf).',
  ],
  [
    "This computer's token gave way to {by} on {when} (an account has at most five).",
    'Das Token dieses Computers wich am {when} dem von {by} (ein Konto hat höchstens fünf).',
  ],
  [
    "This computer's token gave way to {by} (an account has at most five).",
    'Das Token dieses Computers wich dem von {by} (ein Konto hat höchstens fünf).',
  ],
  [
    'Make it anew. The computer of yours that was used least recently then gives way, if there are five.',
    'Ein neues erzeugen. Sind es schon fünf, weicht der Computer, der am längsten unbenutzt war.',
  ],
  [
    'The session is over: its time ran out, or its token was taken out of the keychain. Nothing of it is left on this computer.',
    'Die Sitzung ist vorbei: Ihre Zeit lief ab, oder ihr Token wurde aus dem Schlüsselbund genommen. Auf diesem Computer ist nichts davon übrig.',
  ],
  [
    "This computer's token was deleted in the list of the account, which ended the session.",
    'Das Token dieses Computers wurde in der Liste des Kontos gelöscht; damit endete die Sitzung.',
  ],
  [
    'The session was ended at the service, by you or by somebody who may.',
    'Die Sitzung wurde auf dem Server beendet, vom Konto selbst oder von jemandem, der das darf.',
  ],
  [
    'This computer signed in once more with the same account, which ended this session.',
    'Dieser Computer meldete sich mit demselben Konto noch einmal an; damit endete diese Sitzung.',
  ],
  [
    'A copy of this session was used, so the service ended it.',
    'Eine Kopie dieser Sitzung wurde benutzt, deshalb beendete sie der Dienst.',
  ],
  [
    'Sign in again, and look at where the account is signed in.',
    'Neu anmelden und nachsehen, wo das Konto angemeldet ist.',
  ],
  ['The account is disabled at the service.', 'Das Konto ist auf dem Server gesperrt.'],
  [
    'Ask an administrator to enable it, then sign in again.',
    'Eine Verwalterin oder einen Verwalter bitten, es freizugeben; dann neu anmelden.',
  ],
  ['The service does not know the account any more.', 'Der Dienst kennt das Konto nicht mehr.'],
  ['Sign in with another account.', 'Mit einem anderen Konto anmelden.'],
  [
    'The session was ended at the service, which does not say why.',
    'Die Sitzung wurde auf dem Server beendet; warum, sagt er nicht.',
  ],
  ['Its token was removed from this computer.', 'Ihr Token wurde von diesem Computer entfernt.'],
  [
    'The keychain is locked or does not answer, so the tools go on without credentials.',
    'Der Schlüsselbund ist gesperrt oder antwortet nicht; die Werkzeuge arbeiten ohne Anmeldung weiter.',
  ],
  ['Unlock it.', 'Ihn entsperren.'],
  ['Unlock it with its password.', 'Mit dem Passwort des Schlüsselbunds entsperren.'],
  [
    'No keychain answers in this session, and Lanyard keeps secrets nowhere else.',
    'In dieser Sitzung antwortet kein Schlüsselbund, und anderswo bewahrt Lanyard keine Geheimnisse auf.',
  ],
  [
    "Start one, such as GNOME Keyring or KeePassXC's Secret Service.",
    'Einen starten, etwa GNOME Keyring oder den Secret Service von KeePassXC.',
  ],
  [
    'How this account stands could not be found out.',
    'Wie es um dieses Konto steht, ließ sich nicht herausfinden.',
  ],
  ['Secrets go into {name}.', 'Geheimnisse kommen in: {name}.'],
  ['The sign-in opens in your browser.', 'Die Anmeldung öffnet sich im Browser.'],
  ['Nothing here opens a browser (no xdg-open).', 'Hier öffnet nichts einen Browser (kein xdg-open).'],
  [
    'Copy the link, or use a code on another device.',
    'Den Link kopieren, oder auf einem anderen Gerät einen Code benutzen.',
  ],
  ['Found: {names}.', 'Gefunden: {names}.'],
  ['No container tool is on your PATH.', 'Im PATH ist kein Container-Werkzeug.'],
  [
    'Install docker, podman or another; it is signed in from its first run on.',
    'docker, podman oder ein anderes installieren; es ist vom ersten Start an angemeldet.',
  ],
  [
    'A fresh shell finds the credential helper: {file}.',
    'Eine frische Shell findet den Credential Helper: {file}.',
  ],
  [
    'A fresh shell does not find the credential helper yet.',
    'Eine frische Shell findet den Credential Helper noch nicht.',
  ],
  [
    'A fresh shell does not find the credential helper.',
    'Eine frische Shell findet den Credential Helper nicht.',
  ],
  ['A copy at {file} would be found.', 'Eine Kopie unter {file} fände sie.'],
  ['Add this line to {file}: {line}', 'Diese Zeile in {file} eintragen: {line}'],
  ["This computer's own service runs at {url}.", 'Der Dienst dieses Computers läuft unter {url}.'],
  [
    "This computer's own service is started when you sign in to it.",
    'Der Dienst dieses Computers startet mit der Anmeldung bei ihm.',
  ],
  ["This computer's own service does not answer.", 'Der Dienst dieses Computers antwortet nicht.'],
  ['Stop it and start it again, under Settings.', 'Ihn in den Einstellungen beenden und wieder starten.'],
  ['A registry answers there, and no Lanyard server.', 'Dort antwortet eine Registry, kein Lanyard-Server.'],
  ['Make a token there, and paste it.', 'Dort ein Token erzeugen und einfügen.'],
  ['It is not on your PATH.', 'Es ist nicht im PATH.'],
  [
    'A password lies in its file in clear, and counts first.',
    'In seiner Datei steht ein Passwort im Klartext, und das gilt zuerst.',
  ],
  ['{file} is as it was before.', '{file} ist, wie sie vorher war.'],
]
