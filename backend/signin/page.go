package signin

const pageStart = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Lanyard</title><style>
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 system-ui,sans-serif;background:light-dark(#f6f7f9,#14171c);color:light-dark(#1a1f27,#e8ebf0)}
main{max-width:26rem;margin:1.5rem;padding:2rem;border-radius:14px;background:light-dark(#fff,#1d2129);box-shadow:0 1px 3px #0003;text-align:center}
h1{font-size:1.35rem;margin:0 0 .5rem}p{margin:0;color:light-dark(#55606e,#a8b2bf)}
</style></head><body><main>`

// What the browser shows when it comes back. Neither names code nor state.
const (
	pageDone = pageStart + `<h1>You can go back to Lanyard</h1><p>Your answer has arrived; Lanyard finishes the sign-in now. You may close this page.</p></main></body></html>`

	pageStopped = pageStart + `<h1>Nothing was changed</h1><p>The sign-in was stopped. You may close this page and start again from Lanyard.</p></main></body></html>`
)
