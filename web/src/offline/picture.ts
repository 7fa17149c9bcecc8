/** A grey picture: 0 is paper, 1 is full ink. */

export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array<ArrayBufferLike>;
}

export function blank(rows: number, columns: number): Picture {
  return { rows, columns, values: new Float32Array(rows * columns) };
}

export function hasInk({ values }: Picture): boolean {
  return values.some((level) => level !== 0);
}

/** The rectangle of rows `top` to `bottom - 1` and columns `left` to `right - 1`; beyond the picture it is paper. */
export function cutOut(picture: Picture, left: number, top: number, right: number, bottom: number): Picture {
  const cut = blank(bottom - top, right - left);
  for (let row = Math.max(0, top); row < Math.min(picture.rows, bottom); row++) {
    for (let column = Math.max(0, left); column < Math.min(picture.columns, right); column++) {
      cut.values[(row - top) * cut.columns + column - left] = picture.values[row * picture.columns + column];
    }
  }
  return cut;
}

/** The centre of mass as x and y, from the centre of the first pixel; both 0 without ink. */
export function centreOf({ rows, columns, values }: Picture): readonly [number, number] {
  let [total, across, down] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const level = values[row * columns + column];
      total += level;
      across += level * column;
      down += level * row;
    }
  }
  return total === 0 ? [0, 0] : [across / total, down / total];
}

/** Left, top, right and bottom of the ink; right and bottom are exclusive. */
export function inkBox({ rows, columns, values }: Picture): readonly [number, number, number, number] {
  let [left, top, right, bottom] = [columns, rows, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (!(values[row * columns + column] > 0)) continue;
      left = Math.min(left, column);
      top = Math.min(top, row);
      right = Math.max(right, column + 1);
      bottom = Math.max(bottom, row + 1);
    }
  }
  return right === 0 ? [0, 0, columns, rows] : [left, top, right, bottom];
}

/** Multiply a picture by a matrix from both sides: L X R', in float32 after each product as in NumPy. */
export function product(left: Picture, picture: Picture, right: Picture): Picture {
  return times(times(left, picture), transposed(right));
}

function times(a: Picture, b: Picture): Picture {
  const found = blank(a.rows, b.columns);
  for (let row = 0; row < a.rows; row++) {
    for (let column = 0; column < b.columns; column++) {
      let sum = 0;
      for (let at = 0; at < a.columns; at++) sum += a.values[row * a.columns + at] * b.values[at * b.columns + column];
      found.values[row * b.columns + column] = sum;
    }
  }
  return found;
}

function transposed({ rows, columns, values }: Picture): Picture {
  const turned = blank(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) turned.values[column * rows + row] = values[row * columns + column];
  }
  return turned;
}
