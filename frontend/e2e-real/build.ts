import { execFileSync } from 'node:child_process'

// What every desk needs is built once.
export default function build() {
  execFileSync('e2e-real/build.sh', { stdio: 'inherit' })
}
