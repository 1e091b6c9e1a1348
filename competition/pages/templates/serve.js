"use strict";
const AT_ONCE = 3, SHOWN = 3, PATIENCE = 20;
const VERDICTS = {tag: "sure enough to tag", ask: "ask a person", unknown: "no promise"};
const WHY = {
  tag: promise => `Of what is tagged at least ${percent(promise.precision)} is right, with a probability of ${percent(promise.confidence)}.`,
  ask: promise => `It is not sure enough for the promise that at least ${percent(promise.precision)} of what is tagged is right.`,
  unknown: promise => promise ? "Nothing is promised of it: of this task, or of labels that are not set." : "Nobody has promised how often it is right: competition promise makes a promise.",
};
const byId = id => document.getElementById(id);
const model = JSON.parse(byId("model").textContent);
const percent = share => `${(100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)} %`;
const pictures = [];
let running = 0;

// Every text is set by textContent: names of files and classes come from others.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element) element[name] = value; else element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null));
  return element;
}

function add(files) {
  for (const file of files) {
    const picture = {file, name: file.name || "pasted picture", state: "waiting"};
    draw(picture);
    pictures.push(picture);
    if (file.size > model.limits.body_bytes - 10000) {
      finish(picture, `the file has more than ${Math.floor(model.limits.body_bytes / 1e6)} MB; make it smaller`);
    }
  }
  next();
}

function next() {
  tell();
  while (running < AT_ONCE) {
    const picture = pictures.find(one => one.state === "waiting");
    if (!picture) return;
    picture.state = "running";
    running += 1;
    ask(picture, {}).then(
      answer => { picture.answer = answer; finish(picture, ""); },
      error => finish(picture, error.message),
    ).finally(() => { running -= 1; next(); });
  }
}

async function ask(picture, fields) {
  for (let tries = 0; ; tries += 1) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("images", picture.file, picture.name);
    let response;
    try {
      response = await fetch("v1/predict", {method: "POST", body: form});
    } catch {
      throw new Error("the server cannot be reached, or the file has changed; choose it again");
    }
    if (response.ok) return (await response.json()).images[0];
    if (response.status === 503 && tries < PATIENCE) {
      const seconds = Number(response.headers.get("Retry-After")) || 1;
      await new Promise(resolve => setTimeout(resolve, 1000 * seconds * (1 + Math.random() / 2)));
      continue;
    }
    const error = await response.json().catch(() => ({message: `the server said ${response.status}`}));
    const problems = (error.problems || []).map(problem => problem.replace(`${picture.name}: `, ""));
    throw new Error(problems.join("; ") || error.message);
  }
}

function finish(picture, error) {
  picture.state = error ? "failed" : "answered";
  picture.error = error;
  fill(picture);
  tell();
}

function draw(picture) {
  picture.url = URL.createObjectURL(picture.file);
  picture.photo = make("img", {src: picture.url, alt: `the picture ${picture.name}`});
  picture.photo.addEventListener("error", () => { picture.side.hidden = true; });
  picture.heat = make("img", {className: "heat", alt: "", hidden: true});
  picture.frame = make("div", {className: "frame"}, picture.photo, picture.heat);
  picture.note = make("p", {className: "note", role: "status"});
  picture.side = make("div", {className: "side"}, picture.frame, picture.note);
  picture.body = make("div", {className: "tasks"}, make("p", {className: "note", textContent: "waiting …"}));
  const gone = make("button", {type: "button", className: "quiet", textContent: "remove"});
  gone.setAttribute("aria-label", `remove ${picture.name}`);
  gone.addEventListener("click", () => remove(picture));
  const head = make("header", {}, make("h2", {textContent: picture.name}), gone);
  picture.card = make("article", {}, head, make("div", {className: "pair"}, picture.side, picture.body));
  byId("pictures").append(picture.card);
}

function remove(picture) {
  URL.revokeObjectURL(picture.url);
  picture.card.remove();
  pictures.splice(pictures.indexOf(picture), 1);
  tell();
}

function fill(picture) {
  if (picture.error) {
    picture.body.replaceChildren(make("p", {className: "error", role: "alert", textContent: picture.error}));
  } else {
    picture.body.replaceChildren(...picture.answer.tasks.map(task => section(picture, task)));
  }
}

function section(picture, task) {
  const facts = model.tasks.find(one => one.task === task.task);
  const given = task.answers.join(", ") || "none of them";
  const verdict = make("span", {className: `verdict ${task.verdict}`, textContent: VERDICTS[task.verdict]});
  verdict.title = WHY[task.verdict](model.promise);
  const title = make("h3", {}, make("span", {className: "task", textContent: task.task}), " ",
    make("span", {className: "answer", textContent: given}), " ", verdict);
  const likely = likeliest(task);
  const first = task.kind === "multilabel" ? likely.filter(one => one.probability > 0.1).length : 0;
  const cut = likely.length <= SHOWN + 1 ? likely.length : Math.max(first, SHOWN);
  const threshold = one => facts.thresholds?.[facts.classes.indexOf(one.name)] ?? null;
  const rows = part => make("ul", {className: "bars"}, ...part.map(one => bar(one, threshold(one))));
  const rest = likely.slice(cut);
  const all = make("summary", {textContent: `${rest.length} more`});
  return make("section", {}, title, rows(likely.slice(0, cut)),
    rest.length ? make("details", {}, all, rows(rest)) : null,
    looked(picture, task));
}

function likeliest(task) {
  return [...task.classes].sort((a, b) => b.probability - a.probability);
}

function bar(one, threshold) {
  const whole = make("span", {className: one.answered ? "bar answered" : "bar"});
  whole.style.setProperty("--share", one.probability);
  if (threshold !== null && one.answered) {
    const mark = make("i", {className: "mark"});
    mark.style.setProperty("--at", threshold);
    whole.append(mark);
  }
  const unsure = one.sure === false ? make("span", {className: "unsure", textContent: "ask a person"}) : null;
  const name = make("span", {className: "class", textContent: one.name}, unsure ? " " : null, unsure);
  return make("li", {}, name, whole, make("span", {className: "share", textContent: percent(one.probability)}));
}

function looked(picture, task) {
  const button = make("button", {type: "button", className: "quiet look", textContent: "where it looked"});
  button.dataset.task = task.task;
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", async () => {
    const on = button.getAttribute("aria-pressed") === "false";
    for (const other of picture.card.querySelectorAll(".look")) other.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", String(on));
    show(picture);
    if (!on || picture.looked) return;
    picture.note.textContent = "looking …";
    try {
      picture.looking ??= ask(picture, {explain: "true"});
      picture.looked = Object.fromEntries((await picture.looking).tasks.map(one => [one.task, one.looked_at]));
      show(picture);
    } catch (error) {
      picture.looking = undefined;
      picture.note.textContent = error.message;
    }
  });
  return button;
}

// Lay over the picture where the network looked for the task whose switch is on.
function show(picture) {
  const task = picture.card.querySelector(".look[aria-pressed=true]")?.dataset.task;
  const layer = picture.looked?.[task];
  const asked = picture.answer?.tasks.find(one => one.task === task);
  // The likeliest class: also where a label's answer is no, the layer shows what speaks for it.
  const name = asked && `${task}: ${likeliest(asked)[0].name}`;
  picture.heat.hidden = !layer;
  if (layer) {
    picture.heat.src = layer;
    picture.heat.alt = `what in the picture speaks for ${name}`;
  }
  const words = layer ? "what speaks for" : "no part of the picture speaks for";
  picture.note.textContent = task && picture.looked ? `${words} ${name}` : "";
}

function tell() {
  const done = pictures.filter(one => one.state === "answered" || one.state === "failed").length;
  const failed = pictures.filter(one => one.state === "failed").length;
  byId("bar").hidden = !pictures.length;
  byId("progress").max = Math.max(pictures.length, 1);
  byId("progress").value = done;
  byId("said").textContent = `${done} of ${pictures.length} answered${failed ? `, ${failed} refused` : ""}`;
  byId("download").disabled = done === failed;
}

// A spreadsheet would compute what begins like a formula, unless it is a number.
function cell(value) {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[0-9]+([.,][0-9]+)?%?$/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

function table() {
  const rows = [["image", ...model.tasks.flatMap(({task}) => [task, `${task} probability`, `${task} verdict`])]];
  for (const {name, answer} of pictures) {
    if (!answer) continue;
    rows.push([name, ...answer.tasks.flatMap(task => [
      task.answers.join("|"), task.confidence.toFixed(8), VERDICTS[task.verdict],
    ])]);
  }
  return rows.map(row => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

byId("files").addEventListener("change", event => { add(event.target.files); event.target.value = ""; });
byId("clear").addEventListener("click", () => { [...pictures].forEach(remove); byId("files").focus(); });
byId("download").addEventListener("click", () => {
  const url = URL.createObjectURL(new Blob(["\ufeff", table()], {type: "text/csv"}));
  make("a", {href: url, download: `${model.name}-answers.csv`}).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
});
document.addEventListener("paste", event => {
  const files = [...event.clipboardData.files];
  if (files.length) { event.preventDefault(); add(files); }
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, event => {
    event.preventDefault();
    byId("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") add(event.dataTransfer.files);
  });
}
