import type { Pair } from '../go'

// What went wrong, and what to do.
export const errors: readonly Pair[] = [
  ['It was cancelled. Nothing was changed.', 'Es wurde abgebrochen. Nichts wurde geändert.'],
  ['The sign-in was cancelled.', 'Die Anmeldung wurde abgebrochen.'],
  [
    'You are signed out, as no tool gets the token any more. The keychain did not open, so the token is still in it, and the service has not been told.',
    'Die Abmeldung ist geschehen, denn kein Werkzeug bekommt das Token mehr. Der Schlüsselbund ließ sich nicht öffnen; das Token liegt noch darin, und der Dienst weiß noch nichts davon.',
  ],
  [
    'Unlock the keychain. The rest is then done by itself.',
    'Den Schlüsselbund entsperren. Der Rest geschieht dann von selbst.',
  ],
  [
    'No keychain answers in this session, and your settings forbid to keep secrets in an encrypted file instead.',
    'In dieser Sitzung antwortet kein Schlüsselbund, und die Einstellungen verbieten eine verschlüsselte Datei als Ersatz.',
  ],
  [
    "Start the system's keychain and try again, or take fail_closed out of settings.json.",
    'Den Schlüsselbund des Systems starten und noch einmal versuchen, oder fail_closed aus settings.json nehmen.',
  ],
  [
    'The encrypted file that keeps your secrets waits for its passphrase.',
    'Die verschlüsselte Datei mit den Geheimnissen wartet auf ihre Passphrase.',
  ],
  [
    'Give its passphrase under Settings, or in a terminal: lanyard keychain unlock',
    'Die Passphrase in den Einstellungen eingeben, oder im Terminal: lanyard keychain unlock',
  ],
  [
    "The keychain's prompt was dismissed, or could not be shown. Nothing was stored.",
    'Die Frage des Schlüsselbunds wurde verworfen oder konnte nicht gezeigt werden. Nichts wurde abgelegt.',
  ],
  [
    "Try again and confirm the keychain's prompt.",
    'Noch einmal versuchen und die Frage des Schlüsselbunds bestätigen.',
  ],
  ['The keychain is locked.', 'Der Schlüsselbund ist gesperrt.'],
  [
    'Unlock it (log in to the desktop, or open your password manager) and try again.',
    'Entsperren (am Schreibtisch anmelden oder den Passwortmanager öffnen) und noch einmal versuchen.',
  ],
  [
    'No keychain answers in this session, and without one Lanyard keeps no secrets.',
    'In dieser Sitzung antwortet kein Schlüsselbund, und ohne einen bewahrt Lanyard keine Geheimnisse auf.',
  ],
  [
    "Start one, such as GNOME Keyring or KeePassXC's Secret Service, and try again.",
    'Einen starten, etwa GNOME Keyring oder den Secret Service von KeePassXC, und noch einmal versuchen.',
  ],
  [
    'The keychain did not answer in time; whether it was changed is not known.',
    'Der Schlüsselbund antwortete nicht rechtzeitig; ob er geändert wurde, ist nicht bekannt.',
  ],
  [
    'Look for a prompt behind other windows and try again.',
    'Hinter anderen Fenstern nach einer Frage sehen und noch einmal versuchen.',
  ],
  [
    'The entry is still in the keychain. No tool gets it any more.',
    'Der Eintrag ist noch im Schlüsselbund. Kein Werkzeug bekommt ihn mehr.',
  ],
  ['Removing it is tried again by itself.', 'Das Entfernen wird von selbst wiederholt.'],
  [
    'The keychain holds something else than what was written to it.',
    'Im Schlüsselbund steht etwas anderes, als hineingeschrieben wurde.',
  ],
  [
    'Try again; if it stays so, look at the program that keeps the keychain.',
    'Noch einmal versuchen; bleibt es so, nach dem Programm des Schlüsselbunds sehen.',
  ],
  [
    'The keychain takes no entry of that size. Nothing was stored.',
    'Der Schlüsselbund nimmt keinen so großen Eintrag. Nichts wurde abgelegt.',
  ],
  [
    'Ask who runs the server: its tokens are too long.',
    'Wer den Server betreibt, muss helfen: Seine Token sind zu lang.',
  ],
  ['Ask who runs the server.', 'Wer den Server betreibt, kann helfen.'],
  ['Sign out, and sign in again.', 'Abmelden und neu anmelden.'],
  [
    'The passphrase does not open the encrypted file. Nothing was changed.',
    'Die Passphrase öffnet die verschlüsselte Datei nicht. Nichts wurde geändert.',
  ],
  [
    'Try again with a longer one. Nothing was made.',
    'Mit einer längeren noch einmal versuchen. Nichts wurde angelegt.',
  ],
  ['It was left as it is.', 'Sie blieb, wie sie ist.'],
  [
    'Nothing is read from it until only you can read and write it.',
    'Daraus wird nichts gelesen, solange andere sie lesen oder schreiben können.',
  ],
  [
    "The system's keychain is locked by its own program.",
    'Der Schlüsselbund des Systems wird von seinem eigenen Programm gesperrt.',
  ],
  ['Lock it there, or with your screen.', 'Dort sperren, oder zusammen mit dem Bildschirm.'],
  ['Another sign-in is under way.', 'Eine andere Anmeldung läuft gerade.'],
  [
    'Another sign-in, or another Lanyard program, is at work.',
    'Eine andere Anmeldung oder ein anderes Lanyard-Programm ist gerade an der Arbeit.',
  ],
  ['Finish or cancel it first.', 'Sie zuerst abschließen oder abbrechen.'],
  ['Finish or cancel it and try again.', 'Sie abschließen oder abbrechen und noch einmal versuchen.'],
  ['Another Lanyard program is at work.', 'Ein anderes Lanyard-Programm ist gerade an der Arbeit.'],
  [
    "Another Lanyard program is changing docker's configuration.",
    'Ein anderes Lanyard-Programm ändert gerade die Konfiguration von docker.',
  ],
  [
    "Docker's configuration keeps being changed by another program. Nothing was changed.",
    'Ein anderes Programm ändert fortwährend die Konfiguration von docker. Nichts wurde geändert.',
  ],
  ['Try again.', 'Noch einmal versuchen.'],
  ['Try again in a moment.', 'Gleich noch einmal versuchen.'],
  ['Try again if that was not meant.', 'Noch einmal versuchen, falls das nicht gemeint war.'],
  [
    "Try again in a moment; the service's log says more.",
    'Gleich noch einmal versuchen; das Protokoll des Dienstes sagt mehr.',
  ],
  ['Wait a while and try again.', 'Eine Weile warten und noch einmal versuchen.'],
  ['Give https://host or https://host:port.', 'https://name oder https://name:port eingeben.'],
  ['That is not the address of a server.', 'Das ist keine Adresse eines Servers.'],
  ['Write it like https://registry.example.com.', 'So schreiben: https://registry.example.com.'],
  [
    'Check the address. Nothing was opened and nothing changed.',
    'Die Adresse prüfen. Nichts wurde geöffnet, nichts geändert.',
  ],
  [
    'Nothing is believed of that server before it is put right.',
    'Diesem Server wird nichts geglaubt, bevor das in Ordnung ist.',
  ],
  [
    'Whoever runs the server has to put it right. Nothing was sent to it.',
    'Wer den Server betreibt, muss das richten. Nichts wurde dorthin geschickt.',
  ],
  [
    'Lanyard takes the proxy from HTTPS_PROXY, and leaves out what NO_PROXY names. Put that right, and start the window again.',
    'Lanyard nimmt den Proxy aus HTTPS_PROXY und lässt aus, was NO_PROXY nennt. Das richten und das Fenster neu starten.',
  ],
  ['Check the address and the network, and try again.', 'Adresse und Netz prüfen und noch einmal versuchen.'],
  ['The session has ended at the service.', 'Die Sitzung ist auf dem Server beendet.'],
  ['Sign in again.', 'Neu anmelden.'],
  ['Sign in.', 'Anmelden.'],
  [
    'Nobody finished it in the browser in time. Nothing was changed.',
    'Im Browser wurde es nicht rechtzeitig abgeschlossen. Nichts wurde geändert.',
  ],
  ['There is no such token any more.', 'Dieses Token gibt es nicht mehr.'],
  ['There is no such account any more.', 'Dieses Konto gibt es nicht mehr.'],
  ['Look at the list again.', 'Die Liste neu ansehen.'],
  [
    'Try again, or sign in by your own docker, or with a token that you make there.',
    'Noch einmal versuchen, oder über das eigene docker oder mit einem dort erzeugten Token anmelden.',
  ],
  [
    "Access to Docker Hub's list of tokens lasts minutes and has expired. The token of this computer goes on working.",
    'Der Zugang zur Token-Liste von Docker Hub gilt nur Minuten und ist abgelaufen. Das Token dieses Computers gilt weiter.',
  ],
  ['Nobody is signed in on this computer.', 'Auf diesem Computer ist niemand angemeldet.'],
  ['The keychain has no entry for that any more.', 'Im Schlüsselbund steht dafür nichts mehr.'],
  ['No browser could be opened.', 'Es ließ sich kein Browser öffnen.'],
  ['Could not open a browser.', 'Es ließ sich kein Browser öffnen.'],
  ['Copy the link, or use a code instead.', 'Den Link kopieren, oder stattdessen einen Code benutzen.'],
  ['Delete the token in the list of your account.', 'Das Token in der Liste des Kontos löschen.'],
  [
    'Copy the token again, whole and alone. Nothing was stored.',
    'Das Token noch einmal kopieren, ganz und für sich allein. Nichts wurde abgelegt.',
  ],
  [
    'Give the name that the registry knows you by. Nothing was stored.',
    'Den Namen eingeben, den die Registry kennt. Nichts wurde abgelegt.',
  ],
  [
    'Give a later day, or generate another token. Nothing was stored.',
    'Einen späteren Tag eingeben, oder ein anderes Token erzeugen. Nichts wurde abgelegt.',
  ],
  [
    'Put that file right, or move it away; then try again.',
    'Diese Datei richten oder wegräumen; dann noch einmal versuchen.',
  ],
  [
    'Put the file right, or move it away; then try again.',
    'Die Datei richten oder wegräumen; dann noch einmal versuchen.',
  ],
  [
    'Agree to the copy, or put the helper on your PATH; then apply again.',
    'Der Kopie zustimmen, oder den Helper in den PATH legen; dann noch einmal anwenden.',
  ],
  [
    'Leave it so, or let Lanyard take its place. Undo puts it back.',
    'So lassen, oder Lanyard an seine Stelle setzen. Rückgängig stellt es wieder her.',
  ],
  [
    'Another credential helper is set in {file}: {host} has "{helper}".',
    'In {file} steht ein anderer Credential Helper: für {host} „{helper}“.',
  ],
  [
    'Your shell does not find the credential helper, so docker would not either. Nothing was written.',
    'Die Shell findet den Credential Helper nicht, also auch docker nicht. Nichts wurde geschrieben.',
  ],
  [
    'Agree to a copy at {file}, or add its folder to PATH yourself.',
    'Einer Kopie nach {file} zustimmen, oder den Ordner selbst in den PATH aufnehmen.',
  ],
  [
    "A password lies in docker's configuration in clear, and there is no keychain to move it into. Nothing was changed.",
    'In der Konfiguration von docker steht ein Passwort im Klartext, und es gibt keinen Schlüsselbund dafür. Nichts wurde geändert.',
  ],
  ['Start a keychain, and apply again.', 'Einen Schlüsselbund starten und noch einmal anwenden.'],
  [
    "Put your shell's start-up files right, and try again.",
    'Die Startdateien der Shell richten und noch einmal versuchen.',
  ],
  ["This computer's own service is not running.", 'Der Dienst dieses Computers läuft nicht.'],
  ['Start it.', 'Ihn starten.'],
  [
    'Read its log beside its data, and try again.',
    'Sein Protokoll neben seinen Daten lesen und noch einmal versuchen.',
  ],
  ['Update this program.', 'Dieses Programm aktualisieren.'],
  [
    'Everything else is done. Put right what it names, and apply the tools again.',
    'Alles andere ist geschehen. Das Genannte richten und die Werkzeuge noch einmal einrichten.',
  ],
  ['There was no answer in time.', 'Es kam keine rechtzeitige Antwort.'],
  [
    'The server needs a newer Lanyard: {server} runs {version}.',
    'Der Server braucht ein neueres Lanyard: Auf {server} läuft {version}.',
  ],
  [
    'Update Lanyard on this computer. The token of this computer goes on working.',
    'Lanyard auf diesem Computer aktualisieren. Das Token dieses Computers gilt weiter.',
  ],
  [
    'The server is of an earlier version and does not know what was asked.',
    'Der Server hat eine ältere Version und kennt die Frage nicht.',
  ],
  [
    'Ask who runs it to update it. Pulls and pushes are not affected.',
    'Wer ihn betreibt, kann ihn aktualisieren. Laden und Hochladen sind nicht betroffen.',
  ],
  [
    'The account has a second factor: its code is asked for.',
    'Das Konto hat einen zweiten Faktor: Sein Code wird gebraucht.',
  ],
  [
    'Give the six digits of your authenticator, or a recovery code.',
    'Die sechs Ziffern der Authenticator-App eingeben, oder einen Wiederherstellungscode.',
  ],
  ['Choose another folder.', 'Einen anderen Ordner wählen.'],
  [
    'Give it as a tool is given it: registry.example/team/app:tag',
    'So angeben wie einem Werkzeug: registry.example/team/app:tag',
  ],
  [
    'Put that file right by hand, or delete it; then try again.',
    'Diese Datei von Hand richten oder löschen; dann noch einmal versuchen.',
  ],
  ["Try again; the system's journal says more.", 'Noch einmal versuchen; das Journal des Systems sagt mehr.'],
  [
    'No docker is here that signs in by the browser (version 27 or later).',
    'Hier ist kein docker, das sich über den Browser anmeldet (ab Version 27).',
  ],
  [
    'Install one, or sign in with a token that you make at Docker Hub.',
    'Eines installieren, oder mit einem Token von Docker Hub anmelden.',
  ],
  [
    'Try again, or sign in with a token that you make at Docker Hub.',
    'Noch einmal versuchen, oder mit einem Token von Docker Hub anmelden.',
  ],
  ['Check the name and the token. Nothing was stored.', 'Name und Token prüfen. Nichts wurde abgelegt.'],
  [
    "Check the registry's name and the network, and try again.",
    'Den Namen der Registry und das Netz prüfen und noch einmal versuchen.',
  ],
  ["Check the registry's name. Nothing was stored.", 'Den Namen der Registry prüfen. Nichts wurde abgelegt.'],
  [
    'Nothing was sent there. Ask whoever runs the registry.',
    'Nichts wurde dorthin geschickt. Wer die Registry betreibt, kann helfen.',
  ],
  ['The server at {host} does not answer.', 'Der Server {host} antwortet nicht.'],
  [
    "Check the network, or start this computer's service under Settings.",
    'Das Netz prüfen, oder in den Einstellungen den Dienst dieses Computers starten.',
  ],
]
