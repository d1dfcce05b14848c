// Heat maps on a canvas: one pixel per cell, enlarged by the page; colours from a table.

const octets = (view) =>
  view && view.byteLength ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array(0);

// Bytes hold square roots, so that small weights keep their digits.
const weightOf = (byte) => (byte / 255) ** 2;

// 256 colours of the theme the page has now, packed as canvases want them.
function colourTable(scale) {
  const all = octets(scale);
  const from = onDark() ? 768 : 0;
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const [r, g, b] = all.subarray(from + 3 * i, from + 3 * i + 3);
    table[i] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  return table;
}

function paintMap(canvas, cells, rows, table) {
  const columns = rows ? cells.length / rows : 0;
  if (!columns) return;
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < cells.length; i++) pixels[i] = table[Math.round(255 * weightOf(cells[i]))];
  context.putImageData(image, 0, 0);
}

function paintBar(canvas, table) {
  canvas.width = 256;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  const image = context.createImageData(256, 1);
  new Uint32Array(image.data.buffer).set(table);
  context.putImageData(image, 0, 0);
}
