/** How wide a room is beside the lessons: it has three columns where these fit. */

/** From which width on the lessons stand beside the room; on narrower screens they are a sheet below it. */
const BESIDE = 1100;
const PANEL = 340;
/** On a projector. */
const LEAST = 320;
const MOST = 520;
const SHARE = 0.26;
/** The width of a room from which it has three columns. */
const THREE_COLUMNS = 1360;

/** Width of the lessons beside the room in px. */
export function panelWidth(inner: number, presenting: boolean): number {
  return presenting ? Math.min(MOST, Math.max(LEAST, SHARE * inner)) : PANEL;
}

export function hasThreeColumns(inner: number, open: boolean, presenting: boolean): boolean {
  return inner - (open && inner >= BESIDE ? panelWidth(inner, presenting) : 0) >= THREE_COLUMNS;
}
