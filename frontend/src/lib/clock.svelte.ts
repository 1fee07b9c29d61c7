// Clock is the time that "2 hours ago" is measured from.
export class Clock {
  now = $state(new Date())
  #time: () => Date

  constructor(time: () => Date = () => new Date()) {
    this.#time = time
    this.now = time()
  }

  // start keeps it going until the returned function is called.
  start(): () => void {
    const tick = setInterval(() => (this.now = this.#time()), 30_000)
    return () => clearInterval(tick)
  }
}
