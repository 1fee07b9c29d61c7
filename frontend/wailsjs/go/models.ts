export namespace app {
	
	export class AboutView {
	    version: string;
	    go: string;
	    wails: string;
	    webview: string;
	    licence: string;
	    config: string;
	    state: string;
	    data: string;
	
	    static createFrom(source: any = {}) {
	        return new AboutView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.version = source["version"];
	        this.go = source["go"];
	        this.wails = source["wails"];
	        this.webview = source["webview"];
	        this.licence = source["licence"];
	        this.config = source["config"];
	        this.state = source["state"];
	        this.data = source["data"];
	    }
	}
	export class AccountView {
	    id: string;
	    name: string;
	    server: string;
	    pasted: boolean;
	    active: boolean;
	    hosts: string[];
	    activeAt: string[];
	    state: string;
	    ends: string;
	    own: boolean;
	
	    static createFrom(source: any = {}) {
	        return new AccountView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.name = source["name"];
	        this.server = source["server"];
	        this.pasted = source["pasted"];
	        this.active = source["active"];
	        this.hosts = source["hosts"];
	        this.activeAt = source["activeAt"];
	        this.state = source["state"];
	        this.ends = source["ends"];
	        this.own = source["own"];
	    }
	}
	export class ActView {
	    id: string;
	    at: string;
	    action: string;
	    actor: string;
	    self: boolean;
	    subject: string;
	    label: string;
	    address: string;
	    agent: string;
	    details: Record<string, string>;
	
	    static createFrom(source: any = {}) {
	        return new ActView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.at = source["at"];
	        this.action = source["action"];
	        this.actor = source["actor"];
	        this.self = source["self"];
	        this.subject = source["subject"];
	        this.label = source["label"];
	        this.address = source["address"];
	        this.agent = source["agent"];
	        this.details = source["details"];
	    }
	}
	export class ActivityQuery {
	    kind: string;
	    before: string;
	
	    static createFrom(source: any = {}) {
	        return new ActivityQuery(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.kind = source["kind"];
	        this.before = source["before"];
	    }
	}
	export class ActsView {
	    events: ActView[];
	    more: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ActsView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.events = this.convertValues(source["events"], ActView);
	        this.more = source["more"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class CheckView {
	    id: string;
	    state: string;
	    says: string;
	    fix: string;
	    action: string;
	
	    static createFrom(source: any = {}) {
	        return new CheckView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.state = source["state"];
	        this.says = source["says"];
	        this.fix = source["fix"];
	        this.action = source["action"];
	    }
	}
	export class CopiedView {
	    clears: string;
	
	    static createFrom(source: any = {}) {
	        return new CopiedView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.clears = source["clears"];
	    }
	}
	export class EditView {
	    description: string;
	    scope: string;
	
	    static createFrom(source: any = {}) {
	        return new EditView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.description = source["description"];
	        this.scope = source["scope"];
	    }
	}
	export class EndedView {
	    ended: number;
	
	    static createFrom(source: any = {}) {
	        return new EndedView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.ended = source["ended"];
	    }
	}
	export class ExportView {
	    file: string;
	    count: number;
	
	    static createFrom(source: any = {}) {
	        return new ExportView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.file = source["file"];
	        this.count = source["count"];
	    }
	}
	export class FactorsView {
	    app: boolean;
	    passkeys: number;
	    recoveryLeft: number;
	
	    static createFrom(source: any = {}) {
	        return new FactorsView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.app = source["app"];
	        this.passkeys = source["passkeys"];
	        this.recoveryLeft = source["recoveryLeft"];
	    }
	}
	export class FindingView {
	    id: string;
	    weight: string;
	    tools: string[];
	    what: string;
	    why: string;
	    fix: string;
	    fixable: boolean;
	
	    static createFrom(source: any = {}) {
	        return new FindingView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.weight = source["weight"];
	        this.tools = source["tools"];
	        this.what = source["what"];
	        this.why = source["why"];
	        this.fix = source["fix"];
	        this.fixable = source["fixable"];
	    }
	}
	export class PreviousView {
	    lastFour: string;
	    until: string;
	    lastUsed: string;
	    lastUsedFrom: string;
	    lastUsedAgent: string;
	
	    static createFrom(source: any = {}) {
	        return new PreviousView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.lastFour = source["lastFour"];
	        this.until = source["until"];
	        this.lastUsed = source["lastUsed"];
	        this.lastUsedFrom = source["lastUsedFrom"];
	        this.lastUsedAgent = source["lastUsedAgent"];
	    }
	}
	export class TokenView {
	    id: string;
	    description: string;
	    source: string;
	    status: string;
	    scopes: string[];
	    access: string;
	    lastFour: string;
	    machine: string;
	    os: string;
	    thisComputer: boolean;
	    pinned: boolean;
	    repositories: string[];
	    created: string;
	    createdFrom: string;
	    lastUsed: string;
	    lastUsedFrom: string;
	    lastUsedAgent: string;
	    expires: string;
	    previous?: PreviousView;
	
	    static createFrom(source: any = {}) {
	        return new TokenView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.description = source["description"];
	        this.source = source["source"];
	        this.status = source["status"];
	        this.scopes = source["scopes"];
	        this.access = source["access"];
	        this.lastFour = source["lastFour"];
	        this.machine = source["machine"];
	        this.os = source["os"];
	        this.thisComputer = source["thisComputer"];
	        this.pinned = source["pinned"];
	        this.repositories = source["repositories"];
	        this.created = source["created"];
	        this.createdFrom = source["createdFrom"];
	        this.lastUsed = source["lastUsed"];
	        this.lastUsedFrom = source["lastUsedFrom"];
	        this.lastUsedAgent = source["lastUsedAgent"];
	        this.expires = source["expires"];
	        this.previous = this.convertValues(source["previous"], PreviousView);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class FreshView {
	    token: TokenView;
	    secret: string;
	    registry: string;
	    account: string;
	
	    static createFrom(source: any = {}) {
	        return new FreshView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.token = this.convertValues(source["token"], TokenView);
	        this.secret = source["secret"];
	        this.registry = source["registry"];
	        this.account = source["account"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class HubView {
	    left: number;
	    limit: number;
	    until: string;
	
	    static createFrom(source: any = {}) {
	        return new HubView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.left = source["left"];
	        this.limit = source["limit"];
	        this.until = source["until"];
	    }
	}
	export class UseView {
	    at: string;
	    tool: string;
	    host: string;
	    account: string;
	    repository: string;
	    refused: string;
	    folder: string;
	
	    static createFrom(source: any = {}) {
	        return new UseView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.at = source["at"];
	        this.tool = source["tool"];
	        this.host = source["host"];
	        this.account = source["account"];
	        this.repository = source["repository"];
	        this.refused = source["refused"];
	        this.folder = source["folder"];
	    }
	}
	export class HomeView {
	    uses: UseView[];
	    elsewhere: number;
	    elsewhereFrom: string[];
	    hub?: HubView;
	
	    static createFrom(source: any = {}) {
	        return new HomeView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.uses = this.convertValues(source["uses"], UseView);
	        this.elsewhere = source["elsewhere"];
	        this.elsewhereFrom = source["elsewhereFrom"];
	        this.hub = this.convertValues(source["hub"], HubView);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	
	export class KeychainView {
	    store: string;
	    name: string;
	    why: string;
	    state: string;
	    says: string;
	    entries: number;
	    file: string;
	    openBy: string;
	    systemAvailable: boolean;
	    canLock: boolean;
	
	    static createFrom(source: any = {}) {
	        return new KeychainView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.store = source["store"];
	        this.name = source["name"];
	        this.why = source["why"];
	        this.state = source["state"];
	        this.says = source["says"];
	        this.entries = source["entries"];
	        this.file = source["file"];
	        this.openBy = source["openBy"];
	        this.systemAvailable = source["systemAvailable"];
	        this.canLock = source["canLock"];
	    }
	}
	export class NewTokenView {
	    description: string;
	    scope: string;
	    expires: string;
	    repositories: string[];
	
	    static createFrom(source: any = {}) {
	        return new NewTokenView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.description = source["description"];
	        this.scope = source["scope"];
	        this.expires = source["expires"];
	        this.repositories = source["repositories"];
	    }
	}
	export class NoticeView {
	    id: string;
	    kind: string;
	    at: string;
	    args: Record<string, string>;
	    place: string;
	
	    static createFrom(source: any = {}) {
	        return new NoticeView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.kind = source["kind"];
	        this.at = source["at"];
	        this.args = source["args"];
	        this.place = source["place"];
	    }
	}
	export class NotifyView {
	    session: boolean;
	    replaced: boolean;
	    tokens: boolean;
	
	    static createFrom(source: any = {}) {
	        return new NotifyView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.session = source["session"];
	        this.replaced = source["replaced"];
	        this.tokens = source["tokens"];
	    }
	}
	export class PasteView {
	    host: string;
	    username: string;
	    secret: string;
	    ends: string;
	    noCheck: boolean;
	
	    static createFrom(source: any = {}) {
	        return new PasteView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.host = source["host"];
	        this.username = source["username"];
	        this.secret = source["secret"];
	        this.ends = source["ends"];
	        this.noCheck = source["noCheck"];
	    }
	}
	export class PastedView {
	    account: string;
	    host: string;
	    lastFour: string;
	    replaced: boolean;
	    checked: boolean;
	    tools: string;
	
	    static createFrom(source: any = {}) {
	        return new PastedView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.account = source["account"];
	        this.host = source["host"];
	        this.lastFour = source["lastFour"];
	        this.replaced = source["replaced"];
	        this.checked = source["checked"];
	        this.tools = source["tools"];
	    }
	}
	export class PlanView {
	    diff: string;
	    offer: string;
	
	    static createFrom(source: any = {}) {
	        return new PlanView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.diff = source["diff"];
	        this.offer = source["offer"];
	    }
	}
	export class PreferencesView {
	    theme: string;
	    language: string;
	    zoom: number;
	    zoomAvailable: boolean;
	    startAtLogin: boolean;
	    startAtLoginAvailable: boolean;
	    notify: { session: boolean; replaced: boolean; tokens: boolean };
	    logLevel: string;
	
	    static createFrom(source: any = {}) {
	        return new PreferencesView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.theme = source["theme"];
	        this.language = source["language"];
	        this.zoom = source["zoom"];
	        this.zoomAvailable = source["zoomAvailable"];
	        this.startAtLogin = source["startAtLogin"];
	        this.startAtLoginAvailable = source["startAtLoginAvailable"];
	        this.notify = source["notify"];
	        this.logLevel = source["logLevel"];
	    }
	}
	
	export class ReachView {
	    repository: string;
	    actions: string[];
	
	    static createFrom(source: any = {}) {
	        return new ReachView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.repository = source["repository"];
	        this.actions = source["actions"];
	    }
	}
	export class ReceiptView {
	    account: string;
	    server: string;
	    lastFour: string;
	    removed: boolean;
	    revoked: boolean;
	    refused: boolean;
	    pending: string;
	    tools: string;
	
	    static createFrom(source: any = {}) {
	        return new ReceiptView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.account = source["account"];
	        this.server = source["server"];
	        this.lastFour = source["lastFour"];
	        this.removed = source["removed"];
	        this.revoked = source["revoked"];
	        this.refused = source["refused"];
	        this.pending = source["pending"];
	        this.tools = source["tools"];
	    }
	}
	export class SavedView {
	    file: string;
	
	    static createFrom(source: any = {}) {
	        return new SavedView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.file = source["file"];
	    }
	}
	export class SignInView {
	    at: string;
	    ok: boolean;
	    what: string;
	    address: string;
	    agent: string;
	
	    static createFrom(source: any = {}) {
	        return new SignInView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.at = source["at"];
	        this.ok = source["ok"];
	        this.what = source["what"];
	        this.address = source["address"];
	        this.agent = source["agent"];
	    }
	}
	export class SessionRowView {
	    id: string;
	    machine: string;
	    os: string;
	    client: string;
	    thisComputer: boolean;
	    began: string;
	    lastUsed: string;
	    address: string;
	    agent: string;
	    ends: string;
	    idleEnds: string;
	    tokenLastFour: string;
	
	    static createFrom(source: any = {}) {
	        return new SessionRowView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.machine = source["machine"];
	        this.os = source["os"];
	        this.client = source["client"];
	        this.thisComputer = source["thisComputer"];
	        this.began = source["began"];
	        this.lastUsed = source["lastUsed"];
	        this.address = source["address"];
	        this.agent = source["agent"];
	        this.ends = source["ends"];
	        this.idleEnds = source["idleEnds"];
	        this.tokenLastFour = source["tokenLastFour"];
	    }
	}
	export class SecurityView {
	    sessions: SessionRowView[];
	    signIns: SignInView[];
	    factors?: FactorsView;
	
	    static createFrom(source: any = {}) {
	        return new SecurityView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.sessions = this.convertValues(source["sessions"], SessionRowView);
	        this.signIns = this.convertValues(source["signIns"], SignInView);
	        this.factors = this.convertValues(source["factors"], FactorsView);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class ServerView {
	    address: string;
	    reachable: boolean;
	    certificate: string;
	    fingerprint: string;
	    kind: string;
	    version: string;
	    tooOld: boolean;
	    tooNew: boolean;
	    registries: string[];
	    says: string;
	    fix: string;
	
	    static createFrom(source: any = {}) {
	        return new ServerView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.address = source["address"];
	        this.reachable = source["reachable"];
	        this.certificate = source["certificate"];
	        this.fingerprint = source["fingerprint"];
	        this.kind = source["kind"];
	        this.version = source["version"];
	        this.tooOld = source["tooOld"];
	        this.tooNew = source["tooNew"];
	        this.registries = source["registries"];
	        this.says = source["says"];
	        this.fix = source["fix"];
	    }
	}
	export class ServiceView {
	    state: string;
	    url: string;
	    version: string;
	    data: string;
	    needsSetup: boolean;
	    pid: number;
	    since: string;
	    storage: string;
	    atLogin: string;
	    size: number;
	    lastBackup: string;
	
	    static createFrom(source: any = {}) {
	        return new ServiceView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.state = source["state"];
	        this.url = source["url"];
	        this.version = source["version"];
	        this.data = source["data"];
	        this.needsSetup = source["needsSetup"];
	        this.pid = source["pid"];
	        this.since = source["since"];
	        this.storage = source["storage"];
	        this.atLogin = source["atLogin"];
	        this.size = source["size"];
	        this.lastBackup = source["lastBackup"];
	    }
	}
	
	export class TryView {
	    tool: string;
	    line: string;
	
	    static createFrom(source: any = {}) {
	        return new TryView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.tool = source["tool"];
	        this.line = source["line"];
	    }
	}
	export class SessionView {
	    state: string;
	    account: string;
	    server: string;
	    own: boolean;
	    lastFour: string;
	    tokenId: string;
	    scope: string;
	    ends: string;
	    idleEnds: string;
	    registries: string[];
	    keychain: string;
	    detail: string;
	    action: string;
	    try: TryView[];
	    created: string;
	    lastUsed: string;
	    lastUsedFrom: string;
	    asOf: string;
	    serverVersion: string;
	    by: string;
	    when: string;
	
	    static createFrom(source: any = {}) {
	        return new SessionView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.state = source["state"];
	        this.account = source["account"];
	        this.server = source["server"];
	        this.own = source["own"];
	        this.lastFour = source["lastFour"];
	        this.tokenId = source["tokenId"];
	        this.scope = source["scope"];
	        this.ends = source["ends"];
	        this.idleEnds = source["idleEnds"];
	        this.registries = source["registries"];
	        this.keychain = source["keychain"];
	        this.detail = source["detail"];
	        this.action = source["action"];
	        this.try = this.convertValues(source["try"], TryView);
	        this.created = source["created"];
	        this.lastUsed = source["lastUsed"];
	        this.lastUsedFrom = source["lastUsedFrom"];
	        this.asOf = source["asOf"];
	        this.serverVersion = source["serverVersion"];
	        this.by = source["by"];
	        this.when = source["when"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	
	export class TextView {
	    text: string;
	
	    static createFrom(source: any = {}) {
	        return new TextView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.text = source["text"];
	    }
	}
	export class TokenUseView {
	    address: string;
	    agent: string;
	    at: string;
	    count: number;
	
	    static createFrom(source: any = {}) {
	        return new TokenUseView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.address = source["address"];
	        this.agent = source["agent"];
	        this.at = source["at"];
	        this.count = source["count"];
	    }
	}
	export class TokenDetailView {
	    token: TokenView;
	    uses: TokenUseView[];
	    reach: ReachView[];
	    reachMore: number;
	    activity: ActView[];
	
	    static createFrom(source: any = {}) {
	        return new TokenDetailView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.token = this.convertValues(source["token"], TokenView);
	        this.uses = this.convertValues(source["uses"], TokenUseView);
	        this.reach = this.convertValues(source["reach"], ReachView);
	        this.reachMore = source["reachMore"];
	        this.activity = this.convertValues(source["activity"], ActView);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class TokenListView {
	    tokens: TokenView[];
	    active: number;
	    deactivated: number;
	
	    static createFrom(source: any = {}) {
	        return new TokenListView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.tokens = this.convertValues(source["tokens"], TokenView);
	        this.active = source["active"];
	        this.deactivated = source["deactivated"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	
	
	export class ToolView {
	    name: string;
	    found: boolean;
	    path: string;
	    version: string;
	    file: string;
	    state: string;
	    by: string;
	    says: string;
	    ours: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ToolView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.found = source["found"];
	        this.path = source["path"];
	        this.version = source["version"];
	        this.file = source["file"];
	        this.state = source["state"];
	        this.by = source["by"];
	        this.says = source["says"];
	        this.ours = source["ours"];
	    }
	}
	export class ToolsView {
	    file: string;
	    hosts: string[];
	    missing: string[];
	    setUp: boolean;
	    helper: string;
	    offer: string;
	    line: string;
	    lineFile: string;
	
	    static createFrom(source: any = {}) {
	        return new ToolsView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.file = source["file"];
	        this.hosts = source["hosts"];
	        this.missing = source["missing"];
	        this.setUp = source["setUp"];
	        this.helper = source["helper"];
	        this.offer = source["offer"];
	        this.line = source["line"];
	        this.lineFile = source["lineFile"];
	    }
	}
	
	export class UndoneView {
	    summary: string;
	
	    static createFrom(source: any = {}) {
	        return new UndoneView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.summary = source["summary"];
	    }
	}
	
	export class WhichView {
	    token?: TokenView;
	    previous: boolean;
	    says: string;
	
	    static createFrom(source: any = {}) {
	        return new WhichView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.token = this.convertValues(source["token"], TokenView);
	        this.previous = source["previous"];
	        this.says = source["says"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class WhyStep {
	    title: string;
	    says: string;
	    good?: boolean;
	
	    static createFrom(source: any = {}) {
	        return new WhyStep(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.title = source["title"];
	        this.says = source["says"];
	        this.good = source["good"];
	    }
	}
	export class WhyView {
	    image: string;
	    verdict: string;
	    says: string;
	    fix: string;
	    steps: WhyStep[];
	
	    static createFrom(source: any = {}) {
	        return new WhyView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.image = source["image"];
	        this.verdict = source["verdict"];
	        this.says = source["says"];
	        this.fix = source["fix"];
	        this.steps = this.convertValues(source["steps"], WhyStep);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}

}

