package signin

// The page that the browser ends on looks like the service's own: a badge.
const pageStart = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Lanyard</title><style>
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:100%/1.5 system-ui,sans-serif;background:light-dark(#f1efe9,#11161a);color:light-dark(#1c2630,#e9edf0)}
main{box-sizing:border-box;width:min(30rem,100vw - 2rem);padding:1rem 2.25rem 2rem;border:1px solid light-dark(#dcd8cd,#323c45);border-radius:1.25rem;background:light-dark(#fffefb,#1a2127);box-shadow:0 14px 40px rgb(28 38 48/.1)}
main::before{content:"";display:block;width:4.5rem;height:.85rem;margin:0 auto 1.35rem;border-radius:1rem;border:1px solid light-dark(#dcd8cd,#323c45);background:light-dark(#f1efe9,#11161a)}
h1{font-size:1.5rem;line-height:1.2;letter-spacing:-.015em;margin:0 0 .6rem}
p{margin:0;color:light-dark(#56626f,#a3afba)}
b{color:light-dark(#0b6e68,#62cfc4)}
</style></head><body><main><p><b>Lanyard</b></p>`

// What the browser shows when it comes back. Neither names code nor state.
const (
	pageDone = pageStart + `<h1>You can go back to Lanyard</h1><p>Your answer has arrived and the sign-in is being finished. You may close this page.</p></main></body></html>`

	pageStopped = pageStart + `<h1>Nothing was changed</h1><p>You stopped it, or the service did. You may close this page and start again from Lanyard.</p></main></body></html>`
)
