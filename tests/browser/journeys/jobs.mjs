// Long work: an import with bad rows, an export, the close of an epoch, duplicates; once without scripts.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ALL_ROLES, ended } from "../world.mjs";

const N_ROWS = 300;
const BAD = new Set([17, 80, 81, 200, 299]);
const EVIL = "<script>alert(1)</script>";

const MAPPING = `layout = "own"
title_en = "Our list"
title_fr = "Notre liste"

[defaults]
status = "possible"

[[column]]
name = "Quand"
required = true
take = "date"
field = "registered_on"

[[column]]
name = "Qui"
field = "gender"
values = { "femme" = "woman", "homme" = "man" }
`;

/** Made-up cases, of which five cannot be read. */
function rows(n_rows = N_ROWS) {
  const lines = ["external_ref,status,gender,registered_on,exploitation,name_first,notes"];
  for (let n = 1; n <= n_rows; n += 1) {
    const gender = BAD.has(n) ? EVIL : n % 3 === 0 ? "man" : "woman";
    const day = `2026-0${1 + (n % 6)}-1${n % 9}`;
    lines.push(`X-${n},${n % 2 === 0 ? "actual" : "possible"},${gender},${day},sexual,'=cmd|A${n},<b>bold</b>`);
  }
  return lines.join("\n");
}

/** Two organizations become partners and agree, on the command line. */
function agree(world, [a, A], [b, B]) {
  const [ticket, draft] = [join(world.folder, "jobs.entente"), join(world.folder, "jobs.toml")];
  a.json("partner", "invite", B, "--out", ticket);
  b.json("partner", "open", ticket);
  const [first, second] = [a.json("partner", "digits", B).read_aloud, b.json("partner", "digits", A).read_aloud];
  a.json("partner", "verify", B, second);
  b.json("partner", "verify", A, first);
  a.json("agreement", "draft", "province-federal", B, "--out", draft, "--set", "we_send.min_group_persons=5");
  const id = a.json("agreement", "propose", draft, B).agreement.id;
  b.json("sync", A);
  b.json("agreement", "sign", id);
  a.json("sync", B);
  a.json("agreement", "sign", id);
  b.json("sync", A);
}

async function upload(page, house, file) {
  await page.goto(`${house.origin}/en/jobs`);
  await page.click("main >> text=Import cases");
  await page.setInputFiles("#file", file);
  await page.click("main form button");
}

/** Waits until work that goes on has come further than this, and says how far. */
async function further(page, than) {
  const far = await page.waitForFunction((than) => {
    const said = document.querySelector("[data-job] .num")?.textContent.match(/\d[\d,]*/);
    const n = said ? Number(said[0].replaceAll(",", "")) : 0;
    return n > than ? n : false;
  }, than, { timeout: 20_000 });
  return far.jsonValue();
}

export async function jobs(world) {
  const house = await world.house("jobs");
  const centre = await world.house("jobs-centre", { en: "Federal Centre", fr: "Centre fédéral", type: "federal" });
  agree(world, [house, "Harbour House"], [centre, "Federal Centre"]);
  const { page, secret } = await world.person(house, "lea", ALL_ROLES, { display: "Léa Tremblay" });
  const file = join(world.folder, "cases.csv");
  writeFileSync(file, rows());

  // Nothing yet, and a form without a file.
  await page.goto(`${house.origin}/en/jobs`);
  world.check((await page.textContent("main")).includes("Nothing was started yet"), "the empty list says nothing");
  const empty = join(world.folder, "empty.csv");
  writeFileSync(empty, "");
  await upload(page, house, empty);
  world.check((await page.textContent(".summary")).includes("ENT-2735"), "an empty file was taken");
  await world.look(page, "jobs-import-error", { picture: false });

  // The preview: what would happen, columns, nothing that stands in a cell.
  await upload(page, house, file);
  const would = await page.textContent("main");
  world.check(would.includes("295") && would.includes("would be set aside"), `the preview says ${would.slice(0, 300)}`);
  for (const bad of [EVIL, "cmd|A", "X-17"]) world.check(!would.includes(bad), `the preview shows ${bad}`);
  await world.look(page, "jobs-preview-en", { whole: true });
  // What a column becomes can be changed, and back.
  const notes = page.locator('select[aria-labelledby="becomes column-7"]');
  world.check((await notes.inputValue()) === "notes", "the notes are not guessed");
  for (const field of ["", "notes"]) {
    await notes.selectOption(field);
    await page.click("text=Look again with these columns");
    world.check((await notes.inputValue()) === field, `the column of the notes becomes ${await notes.inputValue()}`);
    world.check((await page.textContent(".grid")).includes("295"), "another mapping has other rows");
  }
  await page.goto(page.url().replace("/en/", "/fr/"));
  await world.look(page, "jobs-preview-fr", { picture: false });
  await page.goto(page.url().replace("/fr/", "/en/"));
  // Another layout does not fit, and says why.
  await page.click("summary");
  await page.selectOption("#layout", "ctdc-2017");
  await page.click("text=Look again");
  world.check((await page.locator(".summary").count()) === 1, "a layout that does not fit was taken");
  await page.selectOption("#layout", "");
  await page.click("text=Look again");
  await page.click("summary");

  // The documents of consent are at hand; then the job: started, left, come back to.
  for (const box of await page.locator("input[name=consent]").all()) await box.check();
  await page.click("text=Import the others");
  world.check(/\/en\/jobs\/[0-9a-f-]{36}$/.test(page.url()), `after starting the page is ${page.url()}`);
  const job = page.url();
  await page.goto(`${house.origin}/en/home`);
  await page.click("footer >> text=Background work");
  await page.click("tbody a");
  await ended(page);
  const did = await page.textContent("main");
  world.check(did.includes("295") && did.includes("5 rows were set aside".replace(" ", "\u00a0")), `the import says ${did.slice(0, 300)}`);
  await world.look(page, "jobs-import-done-en", { whole: true });
  await page.click("main a.button:has-text('See the')");
  world.check((await page.locator("tbody tr").count()) === 1, "the same is said of each row");
  const row = (await page.textContent("tbody tr")).replace(/\u00a0/g, " ");
  world.check(row.includes("5 rows: 18, 81, 82, 201, 300") && row.includes("gender") && !row.includes("script"), `a row says ${row}`);
  world.check(row.includes("not one of the accepted words. Accepted: "), `the reason is ${row}`);
  const [list] = await Promise.all([page.waitForEvent("download"), page.click("text=Download the list")]);
  const listed = readFileSync(await list.path(), "utf8");
  world.check(listed.trim().split("\n").length === 6 && !listed.includes("script"), `the list is ${listed}`);
  const rowsPath = new URL(page.url()).pathname.replace("/en", "");
  await page.goto(`${house.origin}/en/cases`);
  world.check((await page.textContent("caption")).includes("295"), "the list has another number");

  // A file with columns of its own, and the mapping that says what they are.
  const [own, mapping] = [join(world.folder, "own.csv"), join(world.folder, "own.toml")];
  writeFileSync(own, "Quand;Qui\n2026-02-03;femme\n2026-02-04;homme\n");
  writeFileSync(mapping, MAPPING);
  await page.goto(`${house.origin}/en/cases/import`);
  await page.click("summary");
  await page.setInputFiles("#mapping", mapping);
  await page.setInputFiles("#file", own);
  await page.click("main form button");
  const mapped = await page.textContent("main");
  world.check(/2\s*new cases/.test(mapped) && mapped.includes("Quand"), `with a mapping it says ${mapped.slice(0, 300)}`);
  await page.click("text=Remove the file");

  // The same file again adds nothing.
  await upload(page, house, file);
  const known = await page.textContent(".grid");
  world.check(known.includes("295") && /0\s*new cases/.test(known), `again it says ${known}`);
  await page.click("text=Remove the file");

  // Duplicates: two cases with the same name and birthdate.
  const one = () => house.cli("record", "add", "status=possible", "gender=woman", "name_first=Aiyana", "name_last=Morningstar", "birthdate=2001-04-09");
  one();
  one();
  await page.goto(`${house.origin}/en/cases/duplicates`);
  world.check((await page.locator("section.card").count()) >= 1, "no pair is proposed");
  world.check(!(await page.textContent("main")).includes("Aiyana"), "a name is shown");
  world.check(/\d\s*pairs? to decide/.test(await page.textContent("main")), "how many pairs there are is not said");
  await world.look(page, "jobs-duplicates-en", { picture: true });
  await page.selectOption("#score", "50");
  await page.click("form.filters button");
  world.check(page.url().includes("score=50") && (await page.inputValue("#score")) === "50", "the least score does not stay");
  const reveal = "form[action$='duplicates/reveal'] button";
  await page.click(`${reveal} >> nth=0`);
  if (new URL(page.url()).pathname === "/en/confirm") { await world.confirm(page, secret); await page.click(`${reveal} >> nth=0`); }
  world.check((await page.textContent("main")).includes("Aiyana"), "a pair is not revealed");
  await world.look(page, "jobs-duplicates-revealed-en", { picture: false });
  await page.click("button[name=same][value=true]");
  world.check((await page.textContent("main")).includes("about one person now"), "nothing was decided");

  // Export, without scripts: a proof, the page refreshes itself, the file comes without names.
  const still = await world.plain(house, page);
  await still.goto(`${house.origin}/fr/cases/export`);
  if (new URL(still.url()).pathname === "/fr/confirm") await world.confirm(still, secret);
  await still.check("input[value=csv]");
  await still.click("main form button");
  await still.waitForSelector("text=Télécharger le fichier", { timeout: 20000 });
  await world.look(still, "jobs-export-plain-fr", { picture: false });
  const [download] = await Promise.all([still.waitForEvent("download"), still.click("text=Télécharger le fichier")]);
  const text = readFileSync(await download.path(), "utf8");
  world.check(text.split("\n").length > 290, `the file has ${text.split("\n").length} lines`);
  world.check(!text.includes("Aiyana") && !/(^|[,"])=/m.test(text), "the file has names or formulas");
  await still.click("text=Le supprimer de ce système");
  world.check((await still.textContent("main")).includes("supprimé de ce système"), "the file is still there");
  await still.context().close();

  // With names, formulas are no formulas.
  await page.goto(`${house.origin}/en/cases/export`);
  if (new URL(page.url()).pathname === "/en/confirm") await world.confirm(page, secret);
  await page.check("input[value=csv]");
  await page.check("input[name=reveal]");
  await page.click("main form button");
  await ended(page);
  const [named] = await Promise.all([page.waitForEvent("download"), page.click("text=Download the file")]);
  const revealed = readFileSync(await named.path(), "utf8");
  world.check(revealed.includes("Aiyana") && revealed.includes("'=cmd|A1"), "names are missing");
  world.check(!/(^|,)"?[=+@]/m.test(revealed), "a cell begins like a formula");
  await world.look(page, "jobs-export-done-en", { picture: false });
  const exported = new URL(page.url()).pathname.replace("/en", "");

  // The close of an epoch: preview, proof, job.
  await page.goto(`${house.origin}/en/epochs`);
  await page.click("ul.tasks a >> nth=0");
  const epoch = new URL(page.url()).pathname.replace("/en", "");
  world.check((await page.textContent("main")).includes("Nothing has left yet"), "the preview is missing");
  await world.look(page, "jobs-epoch-en");
  await page.click("main form button");
  if (new URL(page.url()).pathname === "/en/confirm") {
    await world.confirm(page, secret);
    await page.click("main form button");
  }
  await ended(page);
  const released = await page.textContent("main");
  world.check(released.includes("The reporting period is closed") && released.includes("Federal Centre"), `the close says ${released.slice(0, 300)}`);
  const closed = new URL(page.url()).pathname.replace("/en", "");
  centre.json("sync", "Harbour House");
  const held = centre.json("status").records.held;
  world.check(held > 100, `the partner holds ${held} summaries`);

  // The partner reads what it was given: page by page, filtered, and one with where it came from.
  const { page: there } = await world.person(centre, "marc", ["coordinator"], { display: "Marc Roy" });
  await there.goto(`${centre.origin}/en/home`);
  await there.click("text=summaries that partners shared with us");
  world.check((await there.textContent("caption")).includes(`of ${held}`), `the list says ${await there.textContent("caption")}`);
  await there.click("text=Next page");
  world.check((await there.textContent("caption")).startsWith("51"), "there is no second page");
  await there.selectOption("#exploitation", "organ_removal");
  await there.click("main form button");
  world.check((await there.textContent("main")).includes("No summary is like this"), "a filter does not filter");
  await there.click("text=Show all summaries");
  await there.click("table tbody th a");
  const says = await there.textContent("main");
  world.check(says.includes("Harbour House") && says.includes("not anonymous"), `a summary says ${says.slice(0, 300)}`);
  const summary = new URL(there.url()).pathname.replace("/en", "");
  await world.tour(there, centre, [["held", "/held"], ["held-one", summary]], ["held-en", "held-one-fr-390"]);

  await world.tour(page, house, [
    ["jobs-list", "/jobs"], ["jobs-import", "/cases/import"], ["jobs-import-done", new URL(job).pathname.replace("/en", "")],
    ["jobs-rows", rowsPath], ["codes", "/codes"], ["codes-one", "/codes/gender"], ["jobs-export", "/cases/export"], ["jobs-export-done", exported],
    ["jobs-duplicates", "/cases/duplicates"], ["jobs-closed", closed], ["jobs-epochs", "/epochs"], ["jobs-epoch", epoch],
  ], ["jobs-rows-fr-390"]);

  // Rows that were set aside wait at home until somebody has seen to them.
  await page.goto(`${house.origin}/en/home`);
  world.check((await page.textContent("[data-watch]")).includes("set rows aside"), "home does not say that rows were set aside");
  await page.click(`main a[href="/en${rowsPath}"]`);
  await page.click("text=These rows are seen to");
  world.check(page.url() === job, `after the rows were seen to the page is ${page.url()}`);
  await page.goto(`${house.origin}/en/home`);
  world.check(!(await page.textContent("[data-watch]")).includes("set rows aside"), "rows wait that were seen to");
  await page.goto(`${house.origin}/en${rowsPath}`);
  world.check((await page.textContent("main")).includes("not here any more"), "the list of rows is still there");

  // A long one: the bar moves. The window is closed, the work goes on, and another window finds it further on.
  const many = join(world.folder, "many.csv");
  writeFileSync(many, rows(60000).replaceAll("X-", "Y-"));
  await upload(page, house, many);
  await page.click("text=Import the others");
  await further(page, 0);
  const before = await further(page, 0);
  const running = page.url();
  const storageState = await page.context().storageState();
  await page.context().close();
  const again = await world.window(house, { storageState });
  await again.goto(`${house.origin}/en/jobs`);
  await again.click("tbody a >> nth=0");
  world.check(again.url() === running, `the newest work is at ${again.url()}`);
  world.check((await further(again, before)) > before, "the work did not go on without a window");

  // What is decided is said as a whole: the close of a period that goes on has nothing to stop it.
  await again.goto(`${house.origin}/en/epochs`);
  await again.click("main a:has-text('Look and close') >> nth=0");
  await again.click("main form button");
  if (new URL(again.url()).pathname === "/en/confirm") {
    await world.confirm(again, secret);
    await again.click("main form button");
  }
  const closing = await again.textContent("main");
  world.check(closing.includes("cannot be stopped half-way"), `the close of a period says ${closing.slice(0, 300)}`);
  world.check((await again.locator('main button:text-is("Stop")').count()) === 0, "the close of a period can be stopped");

  // The import stops when it is told to.
  await again.goto(running);
  await world.look(again, "jobs-running-en");
  // Another page that shows the bar stays, and leads to what came of it.
  const beside = await world.tab(again.context());
  await beside.goto(`${house.origin}/en/home`);
  world.check((await beside.locator("[data-job]").count()) === 1, "home does not show the work that goes on");
  await again.click('main button:text-is("Stop")');
  await ended(again);
  await beside.click("main p[role=status] a:has-text('It has ended')");
  world.check(beside.url() === again.url(), `the bar at home leads to ${beside.url()}`);
  await beside.close();
  const stopped = await again.textContent("main");
  world.check(stopped.includes("The work was stopped") && stopped.includes("ENT-2730"), `stopped, it says ${stopped.slice(0, 300)}`);
  await world.look(again, "jobs-stopped-en", { picture: false });

  // Somebody else's job, and one that is not there, look alike.
  const { page: other } = await world.person(house, "omar", ["case_worker"]);
  const answers = [];
  for (const path of [job, job.replace(/.$/, (last) => (last === "0" ? "1" : "0"))]) {
    const answer = await other.goto(path);
    answers.push(`${answer.status()} ${(await other.textContent("main")).trim()}`);
  }
  world.check(answers[0] === answers[1] && answers[0].startsWith("404"), `others are told ${answers[0].slice(0, 100)}`);
}
