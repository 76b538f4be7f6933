// One journey through the console. Started by console.mjs with the journey's name, the program, a folder of its
// own and a folder for pictures; says what it found, and writes down at which pages it looked.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { World } from "./world.mjs";

const [name, program, folder, pictures] = process.argv.slice(2);
// Two journeys of one file.
const FILES = { overlap: "statistics", plain: "keyboard" };
const { [name]: journey } = await import(`./journeys/${FILES[name] ?? name}.mjs`);

const world = new World(program, folder, pictures);
await world.open();
try {
  await journey(world);
  writeFileSync(join(folder, "looked.json"), JSON.stringify({ looked: [...world.looked], axed: [...world.axed] }));
} finally {
  await world.close();
  for (const failure of world.failures) console.log(`✗ ${failure}`);
}
process.exit(world.failures.length === 0 ? 0 : 1);
