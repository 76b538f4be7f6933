// Statistics: a plan that two organizations sign, figures, the return, its checks and files, publication, and the
// public site as everybody sees it.
import { createServer } from "node:net";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const OFFICE = { en: "Office of Ontario", fr: "Bureau de l’Ontario", type: "provincial" };
const CENTRE = { en: "National Coordination Centre", fr: "Centre national de coordination", type: "federal" };

/** A port that nobody listens on. */
const freePort = () => new Promise((resolve) => {
  const server = createServer();
  server.listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => resolve(port)); });
});

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

/** Two organizations that checked each other by phone and signed an agreement. */
function partners(office, centre, folder) {
  const { link } = centre.json("partner", "invite", OFFICE.en, "--out", join(folder, "invitation.entente"));
  office.json("partner", "open", link);
  const heard = (house, other) => house.json("partner", "digits", other).read_aloud.replace(/\s/g, "");
  const [atCentre, atOffice] = [heard(centre, OFFICE.en), heard(office, CENTRE.en)];
  centre.json("partner", "verify", OFFICE.en, atOffice);
  office.json("partner", "verify", CENTRE.en, atCentre);
  const { toml } = office.json("agreement", "draft", "province-federal", CENTRE.en, "--set", "we_send.budget_nano_rho_per_year=88150000");
  const file = join(folder, "agreement.toml");
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

export async function statistics(world) {
  const ports = [await freePort(), await freePort()];
  const at = (port) => (text) => text.replace("127.0.0.1:0", `127.0.0.1:${port}`);
  const publicPort = await freePort();
  const office = await world.house("statistics-office", { ...OFFICE, settings: at(ports[0]) });
  const centre = await world.house("statistics-centre", {
    ...CENTRE,
    settings: (text) => at(ports[1])(text).replace('[public]\nlisten = ""', `[public]\nlisten = "127.0.0.1:${publicPort}"`),
  });
  partners(office, centre, world.folder);
  const file = join(world.folder, "cases.csv");
  writeFileSync(file, cases());
  office.json("record", "import", file, "--layout", "entente", "--consent", "stats");
  services(centre);

  // The centre drafts and signs a plan; the office reads it in its console and signs there.
  const draft = centre.json("plan", "draft").toml.replace("first_year = 2025", "first_year = 2024").replace("last_year = 2029", "last_year = 2028");
  const plan = join(world.folder, "plan.toml");
  writeFileSync(plan, draft);
  const { id } = centre.json("plan", "sign", plan).plan;
  office.json("sync");
  const there = await world.person(office, "marc", ["privacy_officer"], { lang: "fr" });
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
  const { page, secret } = await world.person(centre, "lea", ["privacy_officer", "coordinator", "supervisor"], { display: "Léa" });
  await page.goto(`${centre.origin}/en/statistics/plans/${id}/figures?period=2025`);
  await page.click("text=Ask for the figures");
  world.check((await page.textContent("[role=status]")).includes("not there yet"), "nothing is said of figures that are not drawn yet");
  await page.goto(`${centre.origin}/en/statistics/plans/${id}/figures?period=2024`);
  await page.click("text=Ask for the figures");
  office.json("sync");
  await page.click("text=Ask for the figures");
  await page.goto(`${centre.origin}/en/statistics/plans/${id}/figures?period=2025`);
  await page.click("text=Ask for the figures");
  world.check((await page.locator("svg[role=img]").count()) >= 5, "there are too few pictures");
  const table = await page.textContent("table.figures");
  world.check(/Nunavut\s*x/.test(table), `Nunavut is not suppressed: ${table.slice(0, 400)}`);
  await page.setViewportSize({ width: 1200, height: 1500 });
  await world.look(page, "statistics-figures");
  await page.locator("#table-1-map").screenshot({ path: join(world.pictures, "statistics-map.png") });
  await page.locator("#table-1-years").screenshot({ path: join(world.folder, "years.png") });
  await page.locator("#table-2-part-1").screenshot({ path: join(world.folder, "matrix.png") });
  await page.setViewportSize({ width: 1200, height: 820 });

  // What is in a picture stands in the table too, at the same place.
  const ontario = await page.evaluate(() => {
    const rows = [...document.querySelectorAll("#table-2 ~ .scroll tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent));
    return rows.filter((row) => row[0].startsWith("Ontario")).map((row) => [row[1], parseInt(row[2], 10)]);
  });
  world.check(ontario.length === 5 && ontario.slice(0, 4).every(([, n]) => n > 30 && n < 90), `Ontario by quarter: ${JSON.stringify(ontario)}`);

  // The return: made, checked, in every form.
  await page.click("text=Make the national return");
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
  world.check((await page.locator(".checks .tag.good").count()) === 11, "not every check is shown as right");
  const bad = Buffer.from(files.return);
  bad[bad.length >> 1] ^= 1;
  await page.setInputFiles("#file", { name: "a.return", mimeType: "application/octet-stream", buffer: bad });
  await page.click("text=Check the file");
  world.check((await page.textContent(".summary")).includes("ENT-2770"), "a changed file was taken");

  // What is not published is not there; published, everybody sees it, without a cookie.
  const site = `https://127.0.0.1:${publicPort}`;
  const everybody = await world.window({ origin: site }, { javaScriptEnabled: false });
  const shown = (lang) => `${site}/public/${lang}/figures/${returned.slice(0, 16)}`;
  world.check((await everybody.goto(shown("en"))).status() === 404, "an unpublished return is public");
  await page.goto(`${centre.origin}/en/statistics/returns/${returned}`);
  await page.click("text=Publish this return");
  if (page.url().includes("/confirm")) {
    await world.confirm(page, secret);
    await page.click("text=Publish this return");
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
  const directory = await (await everybody.request.get(`${site}/public/en/services?need=&province=`)).text();
  world.check(directory.includes("10 Elm Street") && !directory.includes("Nightingale") && !directory.includes("555-0199"), "the public directory");
  world.check(!directory.includes('Friends & "Family"') && !directory.includes("<script"), "a name of a service is trusted");

  // What everybody sees, in both languages and on narrow screens, on the console's own address too. Without
  // scripts axe cannot run, so this window has them.
  const open = await world.window({ origin: site });
  const tour = [["public", `/public/LANG`], ["public-figures", `/public/LANG/figures/${returned.slice(0, 16)}`], ["public-services", "/public/LANG/services"], ["public-hotlines", "/public/LANG/hotlines"]];
  for (const [width, height] of [[1200, 820], [390, 844], [320, 640]]) {
    await open.setViewportSize({ width, height });
    for (const lang of ["en", "fr"]) {
      for (const [name, path] of tour) {
        await open.goto(site + path.replace("LANG", lang));
        const full = width === 1200 ? `${name}-${lang}` : `${name}-${lang}-${width}`;
        await world.look(open, full, { picture: ["public-figures-fr", "public-services-en"].includes(full) });
      }
    }
  }

  // Every page of statistics, in a tour.
  await world.tour(page, centre, [
    ["statistics", "/statistics"], ["statistics-plan", `/statistics/plans/${id}`], ["statistics-figures-2025", `/statistics/plans/${id}/figures?period=2025`],
    ["statistics-returns", "/statistics/returns"], ["statistics-return-one", `/statistics/returns/${returned}`], ["statistics-own", "/statistics/own?by=exploitation"],
    ["statistics-gaps", "/statistics/gaps"], ["statistics-overlap", "/statistics/overlap"],
  ], ["statistics-en"]);
  await there.page.goto(`${office.origin}/fr/statistics`);
  await world.look(there.page, "statistics-budget", { picture: false, whole: true });

  // Without scripts, and taken back.
  const plain = await world.window(centre, { javaScriptEnabled: false, storageState: await page.context().storageState() });
  await plain.goto(`${centre.origin}/fr/statistics/returns/${returned}`);
  await plain.click("text=Le retirer du site");
  if (plain.url().includes("/confirm")) {
    await world.confirm(plain, secret);
    await plain.click("text=Le retirer du site");
  }
  world.check((await everybody.goto(shown("fr"))).status() === 404, "a return that was taken back is still public");
}
