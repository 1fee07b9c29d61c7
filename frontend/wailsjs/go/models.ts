export namespace app {
	
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
	export class TokenView {
	    id: string;
	    description: string;
	    source: string;
	    status: string;
	    scopes: string[];
	    access: string;
	    lastFour: string;
	    machine: string;
	    thisComputer: boolean;
	    created: string;
	    lastUsed: string;
	    lastUsedFrom: string;
	    expires: string;
	
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
	        this.thisComputer = source["thisComputer"];
	        this.created = source["created"];
	        this.lastUsed = source["lastUsed"];
	        this.lastUsedFrom = source["lastUsedFrom"];
	        this.expires = source["expires"];
	    }
	}
	export class FreshView {
	    token: TokenView;
	    secret: string;
	
	    static createFrom(source: any = {}) {
	        return new FreshView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.token = this.convertValues(source["token"], TokenView);
	        this.secret = source["secret"];
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
	export class NewTokenView {
	    description: string;
	    scope: string;
	    expires: string;
	
	    static createFrom(source: any = {}) {
	        return new NewTokenView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.description = source["description"];
	        this.scope = source["scope"];
	        this.expires = source["expires"];
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
	export class ServiceView {
	    state: string;
	    url: string;
	    version: string;
	    data: string;
	    needsSetup: boolean;
	
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

}

