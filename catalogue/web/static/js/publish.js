// The form "Describe a service": checked by the node while it is filled in, and signed here if its author wants.
// A private key is read, used and forgotten in this page. What is sent is the form, and the signed description.

const form = document.getElementById("describe");
const box = document.getElementById("signing");
const texts = box.dataset;
/** Milliseconds after the last keystroke. */
const PAUSE = 600;
let timer = null;
let asking = null;
/** What signs: `{ key, algorithm, method }`, with a key that can't be taken out again. */
let signer = null;

/** The form's fields. Nothing of the part that signs has a name, so nothing of it is among them. */
function filled(what) {
  const fields = new URLSearchParams(new FormData(form));
  fields.set("do", what);
  return fields;
}

async function check() {
  asking?.abort();
  asking = new AbortController();
  try {
    const options = { method: "POST", body: filled("check"), headers: { Accept: "text/html" } };
    const answer = await fetch(form.action, { ...options, signal: asking.signal });
    if (answer.ok) take(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch (error) {
    // A newer one overtook it, or the node is away: the button checks as well.
    if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
  }
}

function take(page) {
  const open = document.querySelector("#draft details")?.open;
  document.getElementById("draft").replaceChildren(...page.getElementById("draft").childNodes);
  if (open) document.querySelector("#draft details").open = true;
  // A row of which something is filled in is followed by another one.
  for (const rows of form.querySelectorAll("[data-rows]")) {
    const theirs = page.querySelector(`[data-rows="${rows.dataset.rows}"]`);
    rows.append(...[...theirs.children].slice(rows.children.length));
  }
  for (const slot of form.querySelectorAll("[data-slot]")) {
    const field = document.getElementById(`field-${slot.dataset.slot}`);
    const told = page.getElementById(slot.id);
    // Rows stay here once they were shown.
    if (!told) continue;
    slot.replaceChildren(...told.childNodes);
    // What hasn't been reached yet isn't wrong.
    slot.hidden = told.hidden || !field.dataset.touched;
    if (slot.hidden) field.removeAttribute("aria-invalid");
    else field.setAttribute("aria-invalid", "true");
  }
}

form.addEventListener("input", (event) => {
  if (!event.target.name) return;
  event.target.dataset.touched = "yes";
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE);
});

const encoder = new TextEncoder();

function base64url(bytes) {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** How a key of that JWK is used, null for one that can't be used here. */
function usage(jwk) {
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519") return { name: "Ed25519", algorithm: "EdDSA" };
  if (jwk.kty === "EC" && jwk.crv === "P-256") {
    return { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256", algorithm: "ES256" };
  }
  return null;
}

/** The key's own DID, made of its public half. */
function ownDid({ crv, kty, x, y }) {
  return `did:jwk:${base64url(encoder.encode(JSON.stringify({ crv, kty, x, y })))}`;
}

async function load(jwk) {
  const how = usage(jwk);
  if (!how || !jwk.d) throw new TypeError("no key that can be used here");
  const { crv, kty, x, y, d } = jwk;
  const key = await crypto.subtle.importKey("jwk", { crv, kty, x, y, d }, how, false, ["sign"]);
  signer = { key, how, did: ownDid(jwk) };
  if (!form.elements.did.value) {
    form.elements.did.value = signer.did;
    check();
  }
}

async function makeKey() {
  let pair;
  try {
    pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  } catch {
    // A browser that doesn't have Ed25519 yet.
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    pair = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  }
  const { crv, kty, x, y, d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const jwk = { kty, crv, x, ...(y ? { y } : {}), d };
  form.elements.did.value = "";
  document.getElementById("key-id").value = "";
  await load(jwk);
  const save = document.getElementById("save-key");
  save.href = URL.createObjectURL(new Blob([JSON.stringify(jwk, null, 2)], { type: "application/json" }));
  save.hidden = false;
  tell(texts.made);
}

/** Under which name the key signs: the only one of a did:jwk or did:key, or the one that is given for a did:web. */
function method(issuer) {
  if (issuer.startsWith("did:jwk:")) return `${issuer}#0`;
  if (issuer.startsWith("did:key:")) return `${issuer}#${issuer.slice("did:key:".length)}`;
  return document.getElementById("key-id").value.trim() || `${issuer}#key-1`;
}

/** The description as a VC-JWT: issuer and start in the document, the same and the key's name in the header. */
async function sign(draft, issuer) {
  const now = Math.floor(Date.now() / 1000);
  const validFrom = new Date(now * 1000).toISOString().replace(".000Z", "Z");
  const header = { alg: signer.how.algorithm, typ: "vc+jwt", cty: "vc", iss: issuer, kid: method(issuer), iat: now };
  if (draft.validUntil) header.exp = Math.floor(Date.parse(draft.validUntil) / 1000);
  const parts = [header, { ...draft, issuer, validFrom }];
  const text = parts.map((part) => base64url(encoder.encode(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign(signer.how, signer.key, encoder.encode(text));
  return `${text}.${base64url(signature)}`;
}

async function publish() {
  const issuer = form.elements.did.value.trim();
  if (!signer) return tell(texts.nokey);
  if (!issuer) return tell(texts.nodid);
  const made = await fetch(form.action, { method: "POST", body: filled("file") });
  if (!made.ok) return tell(texts.away);
  const token = await sign(await made.json(), issuer);
  const headers = { "Content-Type": "application/vc+jwt", Accept: "application/json" };
  const answer = await fetch(`${texts.node}/self-descriptions`, { method: "POST", body: token, headers });
  const said = await answer.json();
  if (!answer.ok) return tell(`${texts.refused} ${said.detail} ${said.action}`);
  const link = document.createElement("a");
  link.href = `${texts.node}/offerings/${said.records[0].id}${texts.lang ? `?lang=${texts.lang}` : ""}`;
  link.textContent = texts.see;
  tell(answer.status === 201 ? texts.done : texts.known, link);
}

function tell(text, ...more) {
  document.getElementById("signed").replaceChildren(`${text} `, ...more);
}

/** Do it, and say so where it can't be done. */
function attempt(act, otherwise) {
  return async (event) => {
    try {
      await act(event);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError || error instanceof DOMException)) throw error;
      tell(otherwise);
    }
  };
}

// Keys are used only where nobody on the way can change this page: over https, or on this very machine.
if (globalThis.crypto?.subtle) {
  box.hidden = false;
  document.getElementById("make-key").addEventListener("click", attempt(makeKey, texts.unusable));
  document.getElementById("sign").addEventListener("click", attempt(publish, texts.away));
  document.getElementById("key-file").addEventListener(
    "change",
    attempt(async ({ target }) => {
      await load(JSON.parse(await target.files[0].text()));
      tell(texts.loaded);
    }, texts.unusable),
  );
}
