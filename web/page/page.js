// The built-in page: a chat with a served model, what runs, how fast. It uses the same public routes as any client.

const at = (id) => document.getElementById(id);
const conversation = [];  // messages as the API takes them
let answering = null;     // AbortController of the answer under way

function headers() {
  const key = at("key").value.trim();
  return { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
}

async function problemOf(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).error.message;
  } catch {
    return `status ${response.status}`;
  }
}

async function getJson(path) {
  const response = await fetch(path, { headers: headers() });
  if (!response.ok) throw Object.assign(new Error(await problemOf(response)), { status: response.status });
  return response.json();
}

function say(text, isBad = false) {
  at("state").textContent = text;
  at("state").classList.toggle("bad", isBad);
}

// ---- models and state of the server

async function showModels() {
  const models = (await getJson("/v1/models")).data;
  const select = at("model");
  const chosen = select.value;
  select.replaceChildren(...models.map((model) => new Option(model.id, model.id)));
  if (models.some((model) => model.id === chosen)) select.value = chosen;
  showCurl();
}

function rows(list, pairs) {
  list.replaceChildren(...pairs.flatMap(([name, value]) => {
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    dt.textContent = name;
    dd.textContent = value;
    return [dt, dd];
  }));
}

function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) n /= 1024, ++unit;
  return `${n.toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

function showStatus(status) {
  const pairs = [];
  for (const model of status.models) {
    pairs.push([model.id, bytes(model.memory_bytes)]);
    pairs.push(["answers under way, waiting", `${model.running}, ${model.waiting}`]);
    pairs.push(["cache in use", `${Math.round(100 * (1 - model.pages_free / model.pages_total))} %`]);
  }
  rows(at("running"), pairs.length ? pairs : [["no model is loaded", ""]]);
  const chosen = status.models.find((model) => model.id === at("model").value);
  limit = chosen?.decode_limit_tokens_per_second ?? null;
  showSpeed();
}

let limit = null, lastSpeed = null;
function showSpeed() {
  const number = (n) => `${n.toFixed(1)} tokens/s`;
  const pairs = [["last answer", lastSpeed ? number(lastSpeed) : "–"], ["limit of this machine", limit ? number(limit) : "–"]];
  if (lastSpeed && limit) pairs.push(["share", `${Math.round(100 * lastSpeed / limit)} %`]);
  rows(at("speed"), pairs);
}

async function refresh() {
  try {
    if (at("model").options.length === 0) await showModels();
    showStatus(await getJson("/v1/domicile/status"));
    if (!answering) say("ready");
  } catch (error) {
    if (error.status === 401) {
      at("key-box").open = true;
      say("this server wants a key", true);
    } else {
      say(error.status ? error.message : "the server does not answer", true);
    }
  }
}

// ---- the conversation

function addMessage(role) {
  const item = document.createElement("li");
  item.className = role;
  const part = (name) => {
    const element = document.createElement("div");
    element.className = name;
    item.append(element);
    return element;
  };
  const parts = { who: part("who"), thoughts: part("thoughts"), text: part("text"), note: part("note") };
  parts.who.textContent = role === "user" ? "You" : at("model").value;
  parts.thoughts.hidden = true;
  at("messages").append(item);
  item.scrollIntoView({ block: "end" });
  return parts;
}

function requestBody(messages) {
  const system = at("system").value.trim();
  const body = {
    model: at("model").value,
    messages: [...(system ? [{ role: "system", content: system }] : []), ...messages],
    stream: true,
  };
  if (at("temperature").value !== "") body.temperature = Number(at("temperature").value);
  if (at("max-tokens").value !== "") body.max_tokens = Number(at("max-tokens").value);
  return body;
}

// Yields the parsed data of each server-sent event.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const lines = rest.split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const data = line.slice(5).trim();
      if (data === "[DONE]") return;
      yield JSON.parse(data);
    }
  }
}

async function answer(shown) {
  const body = { ...requestBody(conversation), stream_options: { include_usage: true } };
  const response = await fetch("/v1/chat/completions",
    { method: "POST", headers: headers(), body: JSON.stringify(body), signal: answering.signal });
  if (!response.ok) throw new Error(await problemOf(response));
  let text = "", reason = "", usage = null, first = 0, last = 0;
  const list = at("messages");
  for await (const chunk of events(response)) {
    if (chunk.error) throw new Error(chunk.error.message);
    usage = chunk.usage ?? usage;
    const choice = chunk.choices?.[0];
    if (!choice) continue;
    reason = choice.finish_reason ?? reason;
    const thought = choice.delta.reasoning_content ?? "", piece = choice.delta.content ?? "";
    if (!thought && !piece) continue;
    last = performance.now();
    first ||= last;
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    if (thought) shown.thoughts.hidden = false, shown.thoughts.append(thought);
    if (piece) shown.text.append(piece), text += piece;
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  }
  conversation.push({ role: "assistant", content: text });
  const generated = usage?.completion_tokens ?? 0;
  if (generated > 1 && last > first) lastSpeed = 1000 * (generated - 1) / (last - first);
  shown.note.textContent = `${generated} tokens` + (reason === "length" ? ", cut: the limit is reached" : "");
  showSpeed();
}

async function send(event) {
  event.preventDefault();
  const prompt = at("prompt").value.trim();
  if (!prompt || answering) return;
  at("prompt").value = "";
  addMessage("user").text.textContent = prompt;
  conversation.push({ role: "user", content: prompt });
  const shown = addMessage("assistant");
  answering = new AbortController();
  at("send").hidden = true;
  at("stop").hidden = false;
  say("answering …");
  try {
    await answer(shown);
    say("ready");
  } catch (error) {
    const isStopped = error.name === "AbortError";
    shown.note.textContent = isStopped ? "stopped" : error.message;
    shown.note.classList.toggle("error", !isStopped);
    if (isStopped) conversation.push({ role: "assistant", content: shown.text.textContent });
    else conversation.pop();  // so that it can be sent again
    say(isStopped ? "ready" : "the last message failed", !isStopped);
  }
  answering = null;
  at("send").hidden = false;
  at("stop").hidden = true;
  at("prompt").focus();
}

// ---- curl

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function showCurl() {
  const prompt = at("prompt").value.trim() || "Why is the sky blue?";
  const body = { ...requestBody([{ role: "user", content: prompt }]), stream: false };
  const key = at("key").value.trim() ? ` \\\n  -H "authorization: Bearer $DOMICILE_API_KEY"` : "";
  at("curl").textContent = `curl ${location.origin}/v1/chat/completions \\\n  -H 'content-type: application/json'${key} \\\n  -d ${quoted(JSON.stringify(body))}`;
}

async function copyCurl() {
  try {
    await navigator.clipboard.writeText(at("curl").textContent);
    at("copy").textContent = "Copied";
  } catch {
    // Without https the browser gives no clipboard: mark it, so that Ctrl-C copies it.
    getSelection().selectAllChildren(at("curl"));
    at("copy").textContent = "Press Ctrl-C";
  }
  setTimeout(() => { at("copy").textContent = "Copy"; }, 2000);
}

// ---- wiring

at("key").value = sessionStorage.getItem("key") ?? "";
at("key").addEventListener("change", () => {
  sessionStorage.setItem("key", at("key").value.trim());
  refresh();
});
at("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  at("key").blur();  // so that it counts as changed
});
at("form").addEventListener("submit", send);
at("prompt").addEventListener("keydown", (event) => {
  // An input method that composes (Korean, Japanese, Chinese) takes Enter for itself.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
});
for (const id of ["prompt", "system", "temperature", "max-tokens", "key", "model"]) at(id).addEventListener("input", showCurl);
at("stop").addEventListener("click", () => answering?.abort());
at("copy").addEventListener("click", copyCurl);
at("new-chat").addEventListener("click", () => {
  answering?.abort();
  conversation.length = 0;
  at("messages").replaceChildren();
  at("prompt").focus();
});
refresh();
setInterval(refresh, 2000);
