// How large the page is drawn, in percent: what a person picks from.
export const zooms = [50, 67, 75, 90, 100, 110, 125, 150, 175, 200] as const

// stepped is the next larger or smaller one, also from one that was written by
// hand; the last at the end.
export function stepped(zoom: number, larger: boolean): number {
  const next = larger ? zooms.find((one) => one > zoom) : zooms.findLast((one) => one < zoom)
  return next ?? zoom
}
