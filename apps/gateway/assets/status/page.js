// The status page: asks /api/status again and again, and shows what it says. It loads nothing from elsewhere.
import { barsOf, History } from './history.js';
import { countText, durationText, stateText } from './words.js';

const EVERY_MS = 2_000;
const byId = (id) => document.getElementById(id);
const history = new History(sessionStorage);
const cards = new Map();
const NO_TOKEN = {
  valid: 'The token does not say when it ends',
  missing: 'No token; the next request asks for one',
  cooling: 'No token',
  unknown: 'This worker has no token, and cannot ask for the shared one',
};
/** When this page first saw a token, for those of which nobody knows when they were minted. */
const firstSeenAt = new Map();
let states = new Map();
let timer;

async function refresh() {
  clearTimeout(timer);
  try {
    show(await read());
  } catch (error) {
    showOutage(error);
  }
  if (!document.hidden) timer = setTimeout(refresh, EVERY_MS);
}

async function read() {
  const response = await fetch('api/status', { cache: 'no-store', signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(await problemOf(response));
  return await response.json();
}

async function problemOf(response) {
  const { detail, code } = await response.json().catch(() => ({}));
  return detail ? `${detail} (${code})` : `The answer is ${response.status}`;
}

function show(status) {
  document.body.classList.remove('stale');
  byId('outage').hidden = true;
  history.add(status);
  const running = status.workers.filter(({ up }) => up).length;
  const valid = status.integrations.filter(({ state }) => state === 'valid').length;
  byId('summary').textContent =
    `${valid} of ${status.integrations.length} integrations have a token, ${running} of ${status.workers.length} workers answer. Version ${status.version}.`;
  for (const integration of status.integrations) showCard(integration, status.at);
  for (const [name, card] of cards) if (!status.integrations.some((one) => one.name === name)) removeCard(name, card);
  showWorkers(status);
  tellNews(status.integrations);
}

function showOutage({ name, message }) {
  document.body.classList.add('stale');
  const reason =
    name === 'TypeError'
      ? 'The gateway does not answer'
      : name === 'TimeoutError'
        ? 'No answer within ten seconds'
        : message;
  const text = `${reason}. What you see is old; the page goes on trying.`;
  // An alert that is written again is read again.
  if (byId('outage').textContent !== text) byId('outage').textContent = text;
  byId('outage').hidden = false;
}

function showCard(integration, at) {
  const { name, state, upstream, purge } = integration;
  const card = cards.get(name) ?? addCard(name);
  const part = (selector) => card.querySelector(selector);
  part('.state').dataset.state = state;
  part('.state strong').textContent = stateText(state);
  part('.upstream').textContent = upstream;
  showLife(part, integration, at);
  const error = errorText(integration);
  part('.error').hidden = error === '';
  part('.error').textContent = error;
  for (const item of card.querySelectorAll('.counts > div')) {
    const count = item.querySelector('dd');
    count.textContent = countText(integration[count.dataset.count]);
    item.querySelector('path').setAttribute('d', barsOf(history.of(name, count.dataset.count)));
  }
  part('.purge').hidden = purge === 'forbidden';
  part('.purge').dataset.purge = purge;
}

function showLife(part, { name, state, expiresAt, mintedAt }, at) {
  const hasToken = expiresAt !== undefined && expiresAt > at;
  const bar = part('.bar');
  bar.hidden = !hasToken;
  part('.expiry').textContent = hasToken ? `Token ends in ${durationText(expiresAt - at)}` : NO_TOKEN[state];
  if (!hasToken) return;
  const seen = `${name} ${expiresAt}`;
  if (!firstSeenAt.has(seen)) firstSeenAt.set(seen, at);
  const lifeMs = expiresAt - (mintedAt ?? firstSeenAt.get(seen));
  const leftMs = expiresAt - at;
  const share = Math.min(1, leftMs / lifeMs);
  bar.classList.toggle('low', share < 0.1);
  bar.firstElementChild.style.width = `${(share * 100).toFixed(1)}%`;
  const values = {
    valuemax: Math.round(lifeMs / 1_000),
    valuenow: Math.round(leftMs / 1_000),
    valuetext: durationText(leftMs),
  };
  for (const [name, value] of Object.entries(values)) bar.setAttribute(`aria-${name}`, value);
  bar.setAttribute('aria-label', `Life that the token of ${name} has left`);
}

function errorText({ lastErrorCode, coolingMs }) {
  const error = lastErrorCode ? `Last error: ${lastErrorCode}. ` : '';
  if (coolingMs === undefined) return lastErrorCode ? `${error}The next request tries again.` : '';
  return `${error}The identity provider is left alone; tried again in ${durationText(coolingMs)} at the earliest.`;
}

function addCard(name) {
  const card = byId('card').content.cloneNode(true).firstElementChild;
  card.querySelector('h3').textContent = name;
  const button = card.querySelector('.purge');
  button.setAttribute('aria-label', `Purge ${name}`);
  button.addEventListener('click', () => askPurge(name, button.dataset.purge === 'key'));
  cards.set(name, card);
  const [next] = [...cards.keys()].filter((other) => other > name).sort();
  byId('cards').insertBefore(card, cards.get(next) ?? null);
  return card;
}

function removeCard(name, card) {
  cards.delete(name);
  card.remove();
}

function showWorkers({ workers, at }) {
  const rows = workers.map(({ slot, pid, startedAt, up }) => {
    const row = document.createElement('tr');
    for (const text of [slot, pid, durationText(at - startedAt), up ? 'answers' : 'does not answer']) {
      row.insertCell().textContent = text;
    }
    return row;
  });
  byId('workers').replaceChildren(...rows);
}

/** A screen reader is told of changes of state alone. */
function tellNews(integrations) {
  const changed = integrations.filter(({ name, state }) => states.has(name) && states.get(name) !== state);
  if (changed.length > 0)
    byId('news').textContent = changed.map(({ name, state }) => `${name}: ${stateText(state)}`).join('. ');
  states = new Map(integrations.map(({ name, state }) => [name, state]));
}

function askPurge(name, needsKey) {
  byId('purge-title').textContent = `Purge ${name}?`;
  byId('purge-problem').hidden = true;
  byId('purge-key-row').hidden = !needsKey;
  byId('purge-key').required = needsKey;
  byId('purge-key').value = '';
  byId('purge').dataset.name = name;
  byId('purge').showModal();
  (needsKey ? byId('purge-key') : byId('purge-cancel')).focus();
}

async function purge() {
  const { name } = byId('purge').dataset;
  const key = byId('purge-key').value;
  const response = await fetch(`api/integrations/${encodeURIComponent(name)}/purge`, {
    method: 'POST',
    headers: key ? { 'X-Api-Key': key } : {},
  });
  if (!response.ok) throw new Error(await problemOf(response));
  byId('purge').close();
  byId('news').textContent = `${name} is purged`;
  await refresh();
}

byId('purge-cancel').addEventListener('click', () => byId('purge').close());
byId('purge').addEventListener('close', () => (byId('purge-key').value = ''));
byId('purge-form').addEventListener('submit', (event) => {
  event.preventDefault();
  purge().catch(({ message }) => {
    byId('purge-problem').textContent = message;
    byId('purge-problem').hidden = false;
  });
});
document.addEventListener('visibilitychange', () => document.hidden || refresh());
refresh();
