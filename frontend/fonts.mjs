// Copies the Chinese fonts of printed documents (regular and bold, OFL) to where the renderer looks for them.
// Only four of the packages' faces are used; the copies are built, never committed.

import { cpSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

const root = dirname(import.meta.dirname);
const target = join(root, "src", "anchang", "static", "build", "fonts");
const resolve = createRequire(import.meta.url).resolve;

const faces = [
  ["noto-sans-sc", "400Regular/NotoSansSC_400Regular.ttf"],
  ["noto-sans-sc", "700Bold/NotoSansSC_700Bold.ttf"],
  ["noto-serif-sc", "400Regular/NotoSerifSC_400Regular.ttf"],
  ["noto-serif-sc", "700Bold/NotoSerifSC_700Bold.ttf"],
];

mkdirSync(target, { recursive: true });
for (const [name, face] of faces) {
  const folder = dirname(resolve(`@expo-google-fonts/${name}/package.json`));
  cpSync(join(folder, face), join(target, basename(face)));
  cpSync(join(folder, "LICENSE_FONT"), join(target, `LICENSE-${name}`));
}
