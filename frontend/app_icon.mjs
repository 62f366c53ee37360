// The app's icon: three buildings on the primary colour. One list of rectangles makes the SVG and the PNGs.
import zlib from "node:zlib";

const { crc32, deflateSync } = zlib;

const GROUND = [6, 111, 209];
const PAPER = [255, 255, 255];
const GRID = 32;
const TOWERS = [
  [7, 14, 5, 11],
  [13, 7, 6, 18],
  [20, 11, 5, 14],
];
const WINDOWS = [
  [15, 10, 2, 2],
  [15, 14, 2, 2],
  [15, 18, 2, 2],
];

export function iconSvg() {
  const rect = ([x, y, w, h], colour) => `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="rgb(${colour})"/>`;
  const shapes = [...TOWERS.map((box) => rect(box, PAPER)), ...WINDOWS.map((box) => rect(box, GROUND))];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${GRID} ${GRID}">${rect([0, 0, GRID, GRID], GROUND)}${shapes.join("")}</svg>`;
}

function colourAt(x, y) {
  const inside = ([left, top, width, height]) => x >= left && x < left + width && y >= top && y < top + height;
  if (WINDOWS.some(inside)) return GROUND;
  return TOWERS.some(inside) ? PAPER : GROUND;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crcOf(body));
  return Buffer.concat([length, body, sum]);
}

/** zlib.crc32 came with Node 20.15; older ones compute it here. */
function crcOf(bytes) {
  if (crc32) return crc32(bytes);
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}

export function drawIcon(size) {
  const rows = [];
  for (let y = 0; y < size; y += 1) {
    const row = Buffer.alloc(1 + size * 3);
    for (let x = 0; x < size; x += 1) row.set(colourAt((x * GRID) / size, (y * GRID) / size), 1 + x * 3);
    rows.push(row);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.concat(rows))), chunk("IEND", Buffer.alloc(0))]);
}
