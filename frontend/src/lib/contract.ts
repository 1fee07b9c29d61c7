// What the page may ask of the Go half: one seam, that app/ implements, backend.ts
// carries and src/fake plays. Times are RFC 3339, '' where there is none. Lists are
// never null. No stored secret is ever answered; only that of a token just made is.
// No call takes a path, a command or a URL to open, and an id is only ever compared
// with what Go knows.

import type * as of from './views'

export type * from './views'

// What can be changed elsewhere: in a terminal, on the pages, by the service.
export type Changed =
  'tokens' | 'activity' | 'sessions' | 'tools' | 'uses' | 'service' | 'accounts' | 'keychain' | 'settings'

export type Events = {
  signin: of.Prompt
  session: of.SessionView
  clipboard: { cleared: boolean } // a copied secret's time is over; false: something else was copied since
  closing: null // the window was to be closed while it holds a secret
  changed: { what: Changed[] } // within 2 s
  selftest: of.SelfTest
  notices: of.NoticeView[]
  notice_opened: { id: string; place: of.NoticeView['place'] } // a desktop notification was clicked
}

export interface Backend {
  Session: {
    Current(): Promise<of.SessionView>
    SignIn(server: string, device: boolean): Promise<of.SessionView> // '' own · an address · 'docker-hub'
    Cancel(): Promise<void>
    OpenAgain(): Promise<void>
    Retake(): Promise<of.SessionView>
    SignOut(everywhere: boolean): Promise<of.Receipt> // everywhere: all sessions of the account
  }
  Start: {
    Preflight(): Promise<of.Check[]>
    Probe(address: string): Promise<of.ServerProbe> // asked live; opens nothing
    HubPassword(username: string, password: string, code: string): Promise<of.SessionView> // code '' unless second_factor asked for it
    Paste(p: {
      host: string
      username: string
      secret: string
      ends: string
      noCheck: boolean
    }): Promise<of.Pasted>
    SelfTest(): Promise<void> // begins; the event selftest says how far
  }
  Home: {
    Look(): Promise<of.HomeView>
  }
  Tokens: {
    List(): Promise<of.TokenList> // all, newest first
    Show(id: string): Promise<of.TokenDetail>
    Create(wanted: of.NewToken): Promise<of.Fresh>
    Edit(id: string, change: { description: string; scope: of.Scope | '' }): Promise<of.Token> // '' leaves the scope
    SetActive(ids: string[], active: boolean): Promise<void> // all or none
    Delete(ids: string[]): Promise<void>
    Pin(id: string, pinned: boolean): Promise<of.Token>
    Rotate(id: string, overlapHours: number): Promise<of.Fresh>
    Which(secret: string): Promise<of.WhichToken> // neither kept nor logged
    SaveSecret(secret: string): Promise<{ file: string }> // Go asks where; '' = dismissed
  }
  Security: {
    Look(): Promise<of.SecurityView>
    End(id: string): Promise<void>
    EndOthers(): Promise<{ ended: number }>
    OpenPage(): Promise<void>
  }
  Tools: {
    Status(): Promise<of.ToolsStatus>
    Plan(replace: boolean): Promise<of.ToolsPlan> // replace: another credential helper gives way
    Apply(mayCopy: boolean, replace: boolean): Promise<of.ToolsStatus>
    Undo(): Promise<{ summary: string }>
    List(): Promise<of.ToolView[]>
    PlanTool(name: string): Promise<of.ToolsPlan>
    SetUpTool(name: string, mayCopy: boolean, replace: boolean): Promise<of.ToolView[]>
    UndoTool(name: string): Promise<{ summary: string }>
    Doctor(): Promise<of.Finding[]>
    Fix(id: string): Promise<of.Finding[]> // what is still found afterwards
    Why(image: string, tool: string): Promise<of.WhyView>
  }
  Activity: {
    List(q: { kind: of.ActKind; before: string }): Promise<{ events: of.Act[]; more: boolean }> // before: an event's id
    Export(): Promise<{ file: string; count: number }> // file '' = dismissed
  }
  Accounts: {
    List(): Promise<of.AccountView[]>
    Switch(id: string): Promise<of.SessionView>
    Remove(id: string): Promise<of.Receipt>
  }
  Service: {
    Status(): Promise<of.ServiceStatus>
    Start(): Promise<of.ServiceStatus>
    Stop(): Promise<of.ServiceStatus>
    Install(): Promise<of.ServiceStatus> // starts at login
    Uninstall(): Promise<of.ServiceStatus>
    Backup(): Promise<{ file: string }> // Go asks where; '' = dismissed
    OpenFolder(): Promise<void>
  }
  Keychain: {
    Look(): Promise<of.KeychainView>
    Unlock(): Promise<of.KeychainView> // the system's prompt
    UnlockFile(passphrase: string): Promise<of.KeychainView>
    Use(store: 'system' | 'file', passphrase: string): Promise<of.KeychainView> // moves all entries
    Lock(): Promise<of.KeychainView>
  }
  Settings: {
    Get(): Promise<of.Preferences>
    Set(p: of.Preferences): Promise<of.Preferences>
    Notices(): Promise<of.NoticeView[]>
    Dismiss(id: string): Promise<void>
    Report(): Promise<{ text: string }>
    SaveReport(): Promise<{ file: string }>
    Reset(): Promise<of.Receipt[]>
    About(): Promise<of.AboutView>
  }
  Window: {
    Copy(text: string): Promise<void>
    CopySecret(secret: string): Promise<{ clears: string }> // for half a minute; then the event clipboard
    Holds(secret: boolean): Promise<void> // a new secret that nobody has copied: closing asks first, by the event closing
    Close(): Promise<void>
    CloseNotice(): Promise<boolean>
    ClearClipboard(): Promise<void> // now, if it still holds ours
    OpenTokenPage(): Promise<void> // where the tokens of a foreign registry are managed
  }
  // on calls heard for each event and returns what ends that.
  on<E extends keyof Events>(event: E, heard: (value: Events[E]) => void): () => void
}
