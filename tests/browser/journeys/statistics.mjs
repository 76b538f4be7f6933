// Statistics: a plan drafted by a form that two organizations sign, figures as background work, the return that a second
// person approves, its checks and files, publication, and the public site as everybody sees it. In a journey of its own,
// an overlap round of five organizations, from the draft to the picture.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Keyboard } from "../hands.mjs";
import { PASSWORD, code, ended, freePort } from "../world.mjs";

const OFFICE = { en: "Office of Ontario", fr: "Bureau de l’Ontario", type: "provincial" };
const CENTRE = { en: "National Coordination Centre", fr: "Centre national de coordination", type: "federal" };

/** Made-up cases of two years: many in some provinces, hardly any in others. */
function cases() {
  const provinces = [["35", 240], ["24", 130], ["59", 96], ["48", 88], ["46", 47], ["12", 41], ["47", 36], ["13", 24], ["10", 9], ["60", 3], ["62", 4]];
  const rows = ["registered_on,registered_precision,status,gender,age_at_registration,province_of_exploitation,exploitation"];
  let seed = 7;
  const draw = (n) => { seed = (seed * 48271) % 2147483647; return seed % n; };
  for (const year of [2024, 2025]) {
    for (const [province, n] of provinces) {
      const many = year === 2025 ? n : Math.round(n * (province === "59" ? 1.6 : 0.8));
      for (let at = 0; at < many; at++) {
        const month = String(1 + draw(12)).padStart(2, "0");
        const gender = draw(100) < 86 ? "woman" : draw(100) < 80 ? "man" : "non_binary";
        const form = draw(100) < 66 ? "sexual" : "forced_labour";
        rows.push(`${year}-${month}-15,day,actual,${gender},${14 + draw(30)},${province},${form}`);
      }
    }
  }
  return `${rows.join("\n")}\n`;
}

/** Two organizations that checked each other by phone. */
function pair(office, name, centre, folder) {
  const { link } = centre.json("partner", "invite", name, "--out", join(folder, `${name}.entente`));
  office.json("partner", "open", link);
  const heard = (house, other) => house.json("partner", "digits", other).read_aloud.replace(/\s/g, "");
  const [atCentre, atOffice] = [heard(centre, name), heard(office, CENTRE.en)];
  centre.json("partner", "verify", name, atOffice);
  office.json("partner", "verify", CENTRE.en, atCentre);
}

/** Two organizations that checked each other by phone and signed an agreement. */
function partners(office, name, centre, folder, ...set) {
  pair(office, name, centre, folder);
  const { toml } = office.json("agreement", "draft", "province-federal", CENTRE.en, ...set);
  const file = join(folder, `${name}.toml`);
  writeFileSync(file, toml);
  const { agreement } = office.json("agreement", "propose", file, CENTRE.en);
  centre.json("sync");
  centre.json("agreement", "sign", agreement.id);
  office.json("sync");
  office.json("agreement", "sign", agreement.id);
  centre.json("sync");
}

/** What the directory of the centre says: a hotline, a service with a place, a house whose place is not told, and a
 * name that has to be escaped. */
function services(centre) {
  const add = (name, ...args) => centre.json("service", "add", "--name", name, ...args);
  add("Human trafficking hotline", "--name-fr", "Ligne d’urgence contre la traite", "--need", "safety_planning", "--phone", "1 833 555-0100", "--language", "en,fr", "--trafficking", "yes");
  add("River legal aid", "--name-fr", "Aide juridique Rivière", "--need", "legal", "--province", "ON", "--street", "10 Elm Street", "--city", "Ottawa", "--phone", "613 555-0100", "--url", "https://example.org/aide");
  add("Friends & \"Family\" help", "--need", "legal", "--province", "ON", "--street", "1 Main Street", "--city", "Toronto");
  add("Safe House Nightingale", "--need", "emergency_housing", "--province", "ON", "--hidden", "--phone", "613 555-0199");
}

/** Asks for what this page shows, as background work, and gives what came of it; then shows the figures. */
async function askForFigures(page) {
  await page.click("text=Ask for the figures");
  await ended(page);
  const said = await page.textContent("[role=status]");
  await page.click("text=See the figures");
  return said;
}

/** Léa drafts the plan at the centre: from the plan for Canada, with mistakes first. Gives its id. */
async function draftPlan(world, centre, page) {
  await page.goto(`${centre.origin}/en/statistics`);
  await page.click("text=Draft a plan");
  await world.look(page, "statistics-draft-choose", { picture: false });
  await page.click("text=Continue");
  await page.fill("#first_year", "2024");
  await page.fill("#last_year", "2028");
  const budget = "[id='budget.nano_rho_per_year']";
  await page.fill(budget, "0.05");
  await page.fill("#version", "one");
  await page.click("text=Read what it would say");
  world.check((await page.textContent(".summary")).includes("whole number"), "a version in letters was taken");
  await page.fill("#version", "1");
  await page.click("text=Read what it would say");
  world.check((await page.textContent(".summary")).includes("The tables of one year cost 0.08815; the budget is 0.05."), "a plan that spends more than its budget was taken");
  await page.click(".summary a[href='#budget.nano_rho_per_year']");
  world.check(await page.evaluate((id) => document.activeElement === document.querySelector(id), budget), "the summary does not lead to the field");
  world.check((await page.inputValue("#first_year")) === "2024", "what was typed is lost");
  await world.look(page, "statistics-draft-error", { picture: false });
  await page.fill(budget, "0.08815");
  await page.check("[name='safeguards.round_to_5']");
  await page.click("text=Read what it would say");
  world.check((await page.textContent(".differences")).includes("nearest five"), "what differs from the template is not said");
  await page.click("text=Change something");
  world.check(await page.isChecked("[name='safeguards.round_to_5']"), "what was typed is lost on the way back");
  await page.uncheck("[name='safeguards.round_to_5']");
  await page.click("text=Read what it would say");
  const says = await page.textContent("main");
  world.check(says.includes("For the years 2024 to 2028") && !says.includes("nearest five"), "the readable page");
  await page.setViewportSize({ width: 1200, height: 1250 });
  await world.look(page, "statistics-draft-check-en");
  await page.setViewportSize({ width: 1200, height: 820 });
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("text=Save the draft as a file")]);
  world.check(readFileSync(await file.path(), "utf8").includes("first_year = 2024"), "the file of the draft");

  // What stands in the form goes the same way without scripts, in French; it is sent from there.
  const plain = await world.plain(centre, page);
  await plain.goto(`${centre.origin}/fr/statistics/plans/draft?from=canada-v1`);
  await plain.fill("#first_year", "2024");
  await plain.fill("#last_year", "2028");
  world.check((await plain.inputValue(budget)) === "0,08815", "a number is not written as in French");
  await plain.click("text=Lire ce qu’il dirait");
  await plain.click("text=L’envoyer à tous ceux qui y ont un rôle");
  world.check((await plain.textContent("[role=status]")).includes("Rien n’est encore signé"), "the plan was not sent");
  const id = new URL(plain.url()).pathname.split("/").pop();

  // Our officer signs it on its page, with a proof of who is asking.
  await page.goto(`${centre.origin}/en/statistics/plans/${id}`);
  return id;
}

export async function statistics(world) {
  const publicPort = await freePort();
  const office = await world.house("statistics-office", OFFICE);
  const centre = await world.house("statistics-centre", {
    ...CENTRE,
    settings: (text) => text.replace("needed_for = []", 'needed_for = ["stats_return"]').replace('[public]\nlisten = ""', `[public]\nlisten = "127.0.0.1:${publicPort}"`),
  });
  partners(office, OFFICE.en, centre, world.folder, "--set", "we_send.budget_nano_rho_per_year=88150000");
  const file = join(world.folder, "cases.csv");
  writeFileSync(file, cases());
  office.json("record", "import", file, "--layout", "entente", "--consent", "stats");
  services(centre);

  // The centre drafts and signs a plan; the office reads it in its console and signs there.
  const { page, secret } = await world.person(centre, "lea", ["privacy_officer", "coordinator", "supervisor"], { display: "Léa" });
  const id = await draftPlan(world, centre, page);
  await page.click("text=Sign the plan");
  if (page.url().includes("/confirm")) {
    await world.confirm(page, secret);
    await page.click("text=Sign the plan");
  }
  world.check((await page.locator("main .tag.good").count()) === 1, "the plan is not signed where it was drafted");
  office.json("sync");
  const there = await world.person(office, "marc", ["privacy_officer"], { lang: "fr" });
  await there.page.goto(`${office.origin}/fr/home`);
  const waits = (await there.page.textContent("[data-watch]")).replace(/\u00a0/g, " ");
  world.check(waits.includes("1 plan de diffusion attend notre signature"), `home does not say that a plan waits for a signature: ${waits}`);
  world.check((await there.page.locator(`[data-watch] a[href*="${id}"]`).count()) === 1, "home does not lead to the plan");
  await there.page.goto(`${office.origin}/fr/statistics`);
  await world.look(there.page, "statistics-unsigned", { picture: false });
  await there.page.click(`.tasks a[href*="${id}"]`);
  world.check((await there.page.textContent("main")).includes("pile ou face"), "the plan is not said in plain words");
  await there.page.click("main form button");
  if (there.page.url().includes("/confirm")) {
    await world.confirm(there.page, there.secret);
    await there.page.click("main form button");
  }
  world.check((await there.page.locator("main .tag.good").count()) === 1, "the plan is not signed");
  centre.json("sync");

  // The centre asks. What is paid for and not drawn yet says so, and is there the next time.
  await page.goto(`${centre.origin}/en/statistics/plans/${id}/figures?period=2025`);
  await page.click("text=Ask for the figures");
  world.check(/\/en\/jobs\/[0-9a-f-]{36}$/.test(page.url()), `asking for figures is no background work: ${page.url()}`);
  await ended(page);
  world.check((await page.textContent("[role=status]")).includes("not there yet"), "nothing is said of figures that are not drawn yet");
  await world.look(page, "statistics-asked", { picture: false });
  await page.goto(`${centre.origin}/en/statistics/plans/${id}/figures?period=2024`);
  await askForFigures(page);
  office.json("sync");
  await askForFigures(page);
  await page.goto(`${centre.origin}/en/statistics/plans/${id}/figures?period=2025`);
  world.check((await askForFigures(page)).includes("Everybody has given"), "the figures are not there the second time");
  world.check((await page.locator("svg[role=img]").count()) >= 5, "there are too few pictures");
  const table = await page.textContent("table.figures");
  world.check(/Nunavut\s*x/.test(table), `Nunavut is not suppressed: ${table.slice(0, 400)}`);
  // A long table is behind its picture, and a list leads to each; on paper nothing is hidden.
  world.check((await page.locator("nav[aria-labelledby=contents] a").count()) === (await page.locator("section.sheet").count()), "not every table is in the list");
  const long = page.locator("section[aria-labelledby=table-2] table");
  world.check(!(await long.isVisible()), "a long table is not behind its picture");
  await page.emulateMedia({ media: "print" });
  world.check(await long.isVisible(), "a table is not on paper");
  await page.emulateMedia({ media: "screen" });
  await page.setViewportSize({ width: 1200, height: 1500 });
  await world.look(page, "statistics-figures");
  await page.locator("#table-1-map").screenshot({ path: join(world.pictures, "statistics-map.png") });
  await page.locator("#table-1-years").screenshot({ path: join(world.folder, "years.png") });
  await page.locator("#table-2-part-1").screenshot({ path: join(world.folder, "matrix.png") });
  await page.setViewportSize({ width: 1200, height: 820 });

  // What is in a picture stands in the table too, at the same place.
  const ontario = await page.evaluate(() => {
    const rows = [...document.querySelectorAll("section[aria-labelledby=table-2] tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent));
    return rows.filter((row) => row[0].startsWith("Ontario")).map((row) => [row[1], parseInt(row[2], 10)]);
  });
  world.check(ontario.length === 5 && ontario.slice(0, 4).every(([, n]) => n > 30 && n < 90), `Ontario by quarter: ${JSON.stringify(ontario)}`);

  // One table alone is shown, and asked for, of two periods at once.
  await page.selectOption("#only", "province");
  await page.click("text=Show this table");
  world.check((await page.locator("section.sheet").count()) === 1 && page.url().includes("cube=province"), "not one table alone is shown");
  await page.click("summary:has-text('Ask for several periods')");
  world.check((await page.inputValue("#cube")) === "province", "the table that is shown is not the one that is asked for");
  await page.check("input[type=checkbox][name=period][value='2024']");
  await world.look(page, "statistics-figures-one", { picture: false });
  await page.click("text=Ask for these");
  await ended(page);
  world.check((await page.textContent("[role=status]")).includes("Everybody has given"), "a table of two periods is not there");
  await page.goto(`${centre.origin}/en/statistics/plans/${id}/figures?period=2025`);

  // Counts across partners: a period that is not over is refused; the office answers for its own records, and says what it hides.
  await page.goto(`${centre.origin}/en/statistics`);
  await page.click("text=Counts across partners");
  await page.fill("#period", "2099");
  await page.click("text=Ask the partners");
  world.check((await page.textContent(".summary")).includes("ENT-1603"), "a period that is not over was counted");
  world.check((await page.inputValue("#period")) === "2099", "the period that was typed is lost");
  await page.selectOption("#by", "province");
  await page.fill("#period", "2025");
  await page.click("text=Ask the partners");
  const who = await page.textContent(".tasks");
  world.check(who.includes(OFFICE.en) && who.includes("answered"), `who is in the count: ${who}`);
  world.check((await page.locator("svg[role=img]").count()) === 1 && (await page.locator("table.figures tbody tr").count()) > 5, "a count has no table and picture");
  await world.look(page, "statistics-counted-en");
  await page.goto(`${centre.origin}/en/statistics/plans/${id}/figures?period=2025`);

  // The return takes two here: Léa asks, Omar approves, and she finds it.
  await page.click("text=Make the national return");
  world.check((await page.textContent("main")).includes("ENT-2780"), "a return that takes two was made at once");
  const omar = await world.person(centre, "omar", ["privacy_officer"], { lang: "fr" });
  await omar.page.goto(`${centre.origin}/fr/settings/approvals`);
  world.check((await omar.page.locator(`a[href$="/statistics/plans/${id}"]`).count()) === 1, "the plan of the return cannot be read first");
  await omar.page.click("text=Approuver : le faire maintenant");
  if (omar.page.url().includes("/confirm")) {
    await world.confirm(omar.page, omar.secret);
    await omar.page.click("text=Approuver : le faire maintenant");
  }
  await page.goto(`${centre.origin}/en/settings/approvals?decided=true`);
  await world.look(page, "statistics-approved", { picture: false });
  await page.click("text=See it");

  // Checked, in every form.
  world.check((await page.textContent("main")).includes("Every signature is right"), "the return is not right");
  await page.click("summary");
  await page.setViewportSize({ width: 1200, height: 1250 });
  await world.look(page, "statistics-return");
  await page.setViewportSize({ width: 1200, height: 820 });
  const returned = new URL(page.url()).pathname.split("/").pop();
  const files = {};
  for (const form of ["csv", "xlsx", "json", "sdmx", "return"]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`.files a[href$="/${form}"]`)]);
    files[form] = readFileSync(await download.path());
  }
  world.check(files.csv.toString().startsWith("plan,version,"), "the CSV is no CSV");
  world.check(files.xlsx.subarray(0, 2).toString() === "PK", "the workbook is no workbook");
  world.check(JSON.parse(files.json).verified === true, "the JSON says that it is not right");
  world.check(files.sdmx.toString().includes("VC_HTF_DETV"), "the SDMX has no series");

  // A file that somebody sent: right as it is, and not right with one bit changed.
  await page.goto(`${centre.origin}/en/statistics/returns`);
  await page.setInputFiles("#file", { name: "a.return", mimeType: "application/octet-stream", buffer: files.return });
  await page.click("text=Check the file");
  world.check((await page.locator(".checks .tag.good").count()) === 13, "not every check is shown as right");
  const bad = Buffer.from(files.return);
  bad[bad.length >> 1] ^= 1;
  await page.setInputFiles("#file", { name: "a.return", mimeType: "application/octet-stream", buffer: bad });
  await page.click("text=Check the file");
  world.check((await page.textContent(".summary")).includes("ENT-2770"), "a changed file was taken");
  await page.setInputFiles("#file", { name: "a.return", mimeType: "application/octet-stream", buffer: files.return });
  await page.click("summary:has-text('not a partner')");
  await page.fill("#trust", "3b6a");
  await page.click("text=Check the file");
  world.check((await page.textContent(".summary")).includes("ENT-0018") && (await page.inputValue("#trust")) === "3b6a", "the beginning of an identity was trusted");

  // What is not published is not there; published, by keyboard alone, everybody sees it, without a cookie.
  const site = `https://127.0.0.1:${publicPort}`;
  const everybody = await world.window({ origin: site }, { javaScriptEnabled: false });
  const shown = (lang) => `${site}/public/${lang}/figures/${returned.slice(0, 16)}`;
  world.check((await everybody.goto(shown("en"))).status() === 404, "an unpublished return is public");
  await page.goto(`${centre.origin}/en/statistics/returns/${returned}`);
  const keys = new Keyboard(page);
  await keys.press("Publish this return");
  if (page.url().includes("/confirm")) {
    await keys.type("password", PASSWORD);
    await keys.type("code", code(secret));
    await keys.press("Confirm");
    await keys.press((await page.locator("form[data-kept]").count()) > 0 ? "Send it now" : "Publish this return");
  }
  world.check((await page.textContent("main")).includes("As everybody sees it"), "the return is not published");
  for (const [lang, word] of [["en", "Human trafficking"], ["fr", "Traite de personnes"]]) {
    const answer = await everybody.goto(shown(lang));
    const headers = answer.headers();
    world.check(answer.status() === 200 && (await everybody.textContent("h1")).includes(word), `the public page in ${lang}`);
    world.check(headers["cache-control"] === "public, max-age=300" && headers.etag && !headers["set-cookie"], `public headers: ${JSON.stringify(headers)}`);
    for (const form of ["csv", "xlsx", "json", "sdmx", "return"]) {
      const got = await everybody.request.get(`${shown(lang)}/${form}`);
      world.check(got.ok(), `the public ${form} in ${lang}: ${got.status()}`);
    }
    const again = await everybody.request.get(shown(lang), { headers: { "if-none-match": headers.etag } });
    world.check(again.status() === 304, `asked again: ${again.status()}`);
  }
  world.check((await everybody.context().cookies()).length === 0, "the public site has set a cookie");
  world.check((await everybody.goto(`${site}/en/home`)).status() === 404, "the console answers on the public site");
  await everybody.goto(`${site}/public/fr`);
  world.check((await everybody.textContent(".panel")).includes("Ligne d’urgence contre la traite"), "the hotline is not on the first page");
  world.check((await everybody.locator("#figures ~ figure svg").count()) === 1 && (await everybody.textContent("#figures ~ .scroll table")).includes("Ontario"), "the newest figures are not on the first page");
  const named = await (await everybody.request.get(`${site}/public/en/services?words=riviere`)).text();
  world.check(named.includes("10 Elm Street") && !named.includes("1 Main Street"), "the public directory is not searched by name");
  const directory = await (await everybody.request.get(`${site}/public/en/services?need=&province=`)).text();
  world.check(directory.includes("10 Elm Street") && !directory.includes("Nightingale") && !directory.includes("555-0199"), "the public directory");
  world.check(!directory.includes('Friends & "Family"') && !directory.includes("<script"), "a name of a service is trusted");

  // What everybody sees, in both languages and on narrow screens, on the console's own address too. Without
  // scripts axe cannot run, so this window has them.
  const open = await world.window({ origin: site });
  const tour = [["public", `/public/LANG`], ["public-figures", `/public/LANG/figures/${returned.slice(0, 16)}`], ["public-services", "/public/LANG/services"], ["public-hotlines", "/public/LANG/hotlines"]];
  for (const lang of ["en", "fr"]) {
    for (const [name, path] of tour) {
      await open.goto(site + path.replace("LANG", lang));
      await world.look(open, `${name}-${lang}`, { picture: ["public-figures-fr", "public-services-en"].includes(`${name}-${lang}`), other: false });
    }
  }

  // Every page of statistics, in a tour.
  await world.tour(page, centre, [
    ["statistics", "/statistics"], ["statistics-draft", "/statistics/plans/draft?from=canada-v1"], ["statistics-next", `/statistics/plans/draft?from=${id}`],
    ["statistics-overlap-draft", "/statistics/overlap/draft"], ["statistics-plan", `/statistics/plans/${id}`], ["statistics-figures-2025", `/statistics/plans/${id}/figures?period=2025`],
    ["statistics-close", `/statistics/plans/${id}/close?period=2025`], ["statistics-returns", "/statistics/returns"], ["statistics-return-one", `/statistics/returns/${returned}`], ["statistics-own", "/statistics/own?by=exploitation"],
    ["statistics-count", "/statistics/count"],
    ["statistics-gaps", "/statistics/gaps"], ["statistics-overlap", "/statistics/overlap"],
  ], ["statistics-en", "statistics-draft-en", "statistics-draft-fr-390"]);
  await there.page.goto(`${office.origin}/fr/statistics`);
  await world.look(there.page, "statistics-budget", { picture: false, whole: true });

  // Without scripts, and taken back.
  const plain = await world.plain(centre, page);
  await plain.goto(`${centre.origin}/fr/statistics/returns/${returned}`);
  await plain.click("text=Le retirer du site");
  if (plain.url().includes("/confirm")) {
    await world.confirm(plain, secret);
    await plain.click("text=Le retirer du site");
  }
  world.check((await everybody.goto(shown("fr"))).status() === 404, "a return that was taken back is still public");
}

/** Persons of an organization that knows every nth of them, with names: lists are compared by them. */
function persons(house, folder, nth) {
  const syllables = ["bax", "kex", "dix", "fox", "gux", "lax", "mex", "nix", "sox", "rax"];
  const rows = ["external_ref,registered_on,name_first,name_last,birthdate,status,status_decided_by,gender,province_of_exploitation,exploitation,consent_scopes,consent_given_by,consent_informed,consent_given_on"];
  for (let n = 0; n < 150; n += nth) {
    const last = [...String(n)].map((digit) => syllables[digit]).join("");
    rows.push(`s-${n},2025-08-15,Ana,${last},1990-03-${String((n % 28) + 1).padStart(2, "0")},actual,ngo,woman,46,forced_labour,services;stats,self,yes,2025-08-15`);
  }
  const file = join(folder, `persons-${nth}.csv`);
  writeFileSync(file, `${rows.join("\n")}\n`);
  house.json("record", "import", file);
}

/** Fills in the form of a round of these partners. */
async function fillRound(page, { first, second, lists }) {
  await page.selectOption("#first", { label: first });
  await page.selectOption("#second", { label: second });
  for (const [name, list] of Object.entries(lists)) {
    const row = page.locator(".round-list", { hasText: name });
    await row.locator("[type=checkbox]").check();
    await row.locator("input[id^='list.']").fill(list);
  }
}

export async function overlap(world) {
  const centre = await world.house("overlap-centre", CENTRE);
  const others = {};
  for (const [name, type] of [["University", "federal"], ["Registry", "provincial"], ["Police", "police"], ["Shelter", "ngo"]]) {
    others[name] = await world.house(`overlap-${name}`, { en: name, fr: `${name} (fr)`, type });
  }
  pair(others.University, "University", centre, world.folder);
  pair(others.Registry, "Registry", centre, world.folder);
  partners(others.Police, "Police", centre, world.folder);
  partners(others.Shelter, "Shelter", centre, world.folder);
  persons(others.Police, world.folder, 2);
  persons(others.Shelter, world.folder, 3);

  // Drafted by a form: one partner cannot mix twice.
  const { page, secret } = await world.person(centre, "lea", ["privacy_officer", "coordinator"], { display: "Léa" });
  await page.goto(`${centre.origin}/en/statistics/overlap`);
  await page.click("text=Draft a round");
  await page.fill("#period", "2025");
  await page.fill("#epsilon_milli", "0.7");
  await page.fill("#per_list", "1");
  await page.fill("#size", "80");
  await fillRound(page, { first: "University", second: "University", lists: { Police: "police", Shelter: "shelter" } });
  await page.click("text=Read the terms");
  world.check((await page.textContent(".summary")).includes("three organizations"), "one partner could mix twice");
  await world.look(page, "overlap-draft-error", { picture: false });
  await page.selectOption("#second", { label: "Registry" });
  await page.fill("#size", "many");
  await page.click("text=Read the terms");
  world.check((await page.locator(".summary a[href='#size']").count()) === 1, "a size in letters was taken");
  await page.fill("#size", "80");
  await page.click("text=Read the terms");
  world.check((await page.textContent("main")).includes("0.30625"), "the terms do not say what each person pays");
  await world.look(page, "overlap-check", { picture: false });
  await page.click("text=Send them to everybody who has a part");
  const id = new URL(page.url()).pathname.split("/").pop();
  await page.click("text=Read the terms, then sign");
  if (page.url().includes("/confirm")) await world.confirm(page, secret);
  await page.click("text=Sign the terms");
  world.check((await page.textContent("main")).includes("University"), "who has still to sign is not shown");

  // An officer reads it in French: what it costs, and who does what. Another round is declined.
  const marc = await world.person(others.Police, "marc", ["privacy_officer"], { lang: "fr" });
  centre.json("stats", "overlap", "draft", "2024", "--helpers", "University,Registry", "--contributes", "Police=police,Shelter=shelter", "--propose");
  for (const house of Object.values(others)) house.json("sync");
  await marc.page.goto(`${others.Police.origin}/fr/home`);
  world.check((await marc.page.textContent("[data-watch]")).includes("recoupements attendent notre signature"), "home does not say that rounds wait for a signature");
  await marc.page.goto(`${others.Police.origin}/fr/statistics/overlap`);
  await world.look(marc.page, "overlap-list", { picture: false });
  await marc.page.click("text=2024 ·");
  await marc.page.click("text=Ne pas participer");
  await world.look(marc.page, "overlap-decline", { picture: false });
  await marc.page.click("main form button.danger");
  world.check((await marc.page.textContent("main .tag")).includes("terminé"), "the round was not declined");
  await marc.page.goto(`${others.Police.origin}/fr/statistics/overlap/${id}/sign`);
  if (marc.page.url().includes("/confirm")) await world.confirm(marc.page, marc.secret);
  world.check((await marc.page.textContent("main")).includes("0,30625"), "the charge is not shown before signing");
  await world.look(marc.page, "overlap-sign-fr", { picture: false });
  await marc.page.click("text=Signer les conditions");
  for (const name of ["University", "Shelter"]) others[name].json("stats", "overlap", "sign", "2025");
  centre.json("sync");

  // Run as background work: it goes as far as everybody lets it, and is run again for the rest.
  const run = async () => {
    await page.goto(`${centre.origin}/en/statistics/overlap/${id}`);
    await page.click("text=Run the round, as far as it goes");
    world.check(page.url().includes("/en/jobs/"), `running a round is no background work: ${page.url()}`);
    await ended(page);
    return page.textContent("main");
  };
  const early = await run();
  world.check(early.includes("as far as everybody let it") && early.includes("Registry"), `an early run said ${early}`);
  await world.look(page, "overlap-run-early", { picture: false });
  others.Registry.json("stats", "overlap", "sign", "2025");
  centre.json("sync");
  world.check((await run()).includes("The lists are counted"), "the round was not counted");
  await page.click("text=See the round");

  // The histogram as a picture, and the same in its table; an estimate with what must be said with it, or why there is none.
  world.check((await page.locator("#histogram").count()) === 1, "there is no picture of the lists");
  const cells = await page.locator("section[aria-labelledby=lists] table tbody tr").allTextContents();
  world.check(cells.length === 3 && cells.some((row) => row.includes("police + shelter")), `the table of lists: ${cells}`);
  const words = await page.textContent("#histogram");
  for (const row of await page.locator("section[aria-labelledby=lists] table tbody tr").all()) {
    const shown = (await row.locator("td").first().textContent()).trim();
    world.check(words.includes(shown), `the picture does not show ${shown}`);
  }
  const estimated = await page.locator("text=What must be said with it").count();
  const refused = await page.locator("text=These lists give no estimate").count();
  world.check(estimated + refused === 1, "neither an estimate nor a reason why not");
  await page.setViewportSize({ width: 1200, height: 1700 });
  await world.look(page, "overlap-counted-en");
  await page.setViewportSize({ width: 1200, height: 820 });

  // The same from any table that somebody has; one that determines nothing is refused at its field.
  await page.goto(`${centre.origin}/en/statistics/estimate`);
  await page.fill("#table", "Police,Shelter,frequency\n1,0,400\n0,1,300\n1,1,0\n");
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-2822"), "lists without a person in common gave an estimate");
  await page.fill("#table", "Police\tShelter\tfrequency\n1\t0\t400\n0\t1\t300\n1\t1\t60\n");
  await page.click("main form button");
  world.check((await page.textContent("[role=status]")).includes("2,760"), "the estimate is another one");
  // With a seed of one's own, and a number of draws that is none.
  await page.click("summary:has-text('How the interval is drawn')");
  await page.fill("#replications", "3");
  await page.click("main form button");
  world.check((await page.textContent(".summary")).includes("ENT-2823") && (await page.isVisible("#replications")), "three draws were taken");
  await page.click(".summary a[href='#replications']");
  await page.fill("#replications", "200");
  await page.fill("#seed", "7");
  await page.click("main form button");
  const drawn = await page.textContent("[role=status]");
  world.check(drawn.includes("2,760") && drawn.includes("seed: 7"), `an estimate with a seed said ${drawn}`);
  await page.setViewportSize({ width: 1200, height: 1500 });
  await world.look(page, "overlap-estimate-en", { picture: false });
  await page.setViewportSize({ width: 1200, height: 820 });
  await page.goto(`${centre.origin}/en/statistics/overlap/${id}`);

  // Its files: the table for other programs, and the result that anybody can check.
  const [table] = await Promise.all([page.waitForEvent("download"), page.click(".files a[href$='/table']")]);
  world.check(readFileSync(await table.path(), "utf8").startsWith("police,shelter,"), "the overlap table");
  const [result] = await Promise.all([page.waitForEvent("download"), page.click(".files a[href$='/result']")]);
  world.check(centre.json("verify", await result.path()).verified === true, "the signed result does not verify");
  await page.goto(`${centre.origin}/en/statistics/returns`);
  await page.setInputFiles("#file", { name: "an.overlap", mimeType: "application/octet-stream", buffer: readFileSync(await result.path()) });
  await page.click("text=Check the file");
  const checked = await page.textContent("[role=status]");
  world.check(checked.includes("overlap round") && checked.includes("police"), `the console does not check a result of a round: ${checked}`);

  // A contributor sees the same, and how well its own persons could be matched.
  others.Police.json("sync");
  await marc.page.goto(`${others.Police.origin}/fr/statistics/overlap/${id}`);
  world.check((await marc.page.textContent("#own ~ dl")).includes("75"), "a contributor does not see its own figures");
  await world.tour(page, centre, [["overlap", `/statistics/overlap/${id}`], ["overlap-draft", "/statistics/overlap/draft"], ["overlap-list", "/statistics/overlap"], ["overlap-estimate", "/statistics/estimate"]]);
  await marc.page.setViewportSize({ width: 390, height: 844 });
  await world.look(marc.page, "overlap-counted-fr-390");
}
