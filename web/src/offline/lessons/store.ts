/** Keeps what a learner did in this browser, where the browser allows it for a file. */

import type { Entry } from "./progress";

const MOST = 5000;

export interface Store {
  /** Whether what is added outlives the page. */
  readonly kept: boolean;
  readonly entries: readonly Entry[];
  add(entry: Entry): void;
}

/** The store of the page with this key; without one that the browser keeps, entries live as long as the page. */
export function openStore(key: string, storage: Storage | null): Store {
  let kept = storage !== null && works(storage);
  let entries = kept && storage ? read(storage, key) : [];
  return {
    get kept() {
      return kept;
    },
    get entries() {
      return entries;
    },
    add(entry) {
      entries = [...entries, entry].slice(-MOST);
      if (!storage || !kept) return;
      try {
        storage.setItem(key, JSON.stringify(entries));
      } catch {
        kept = false;
      }
    },
  };
}

/** The browser's own; null where it refuses it. */
export function localStore(): Storage | null {
  try {
    return globalThis.localStorage;
  } catch {
    return null;
  }
}

function works(storage: Storage): boolean {
  const key = "pellucid-try";
  try {
    storage.setItem(key, "1");
    storage.removeItem(key);
    return true;
  } catch {
    return false;
  }
}

/** What was kept; what is no list of entries is left out. */
function read(storage: Storage, key: string): Entry[] {
  try {
    const found: unknown = JSON.parse(storage.getItem(key) ?? "[]");
    return Array.isArray(found) ? found.filter(isEntry) : [];
  } catch {
    return [];
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const { type, lesson, question, values, facts } = value as Record<string, unknown>;
  if (typeof lesson !== "string") return false;
  switch (type) {
    case "restarted":
    case "hinted":
      return true;
    case "noted":
      return isFacts(facts);
    case "predicted":
    case "answered":
    case "recalled":
      return Array.isArray(values) && values.every((each) => typeof each === "number") && isQuestion(question);
    default:
      return false;
  }
}

function isFacts(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.values(value).every((each) => typeof each === "number");
}

function isQuestion(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { kind, text, options, rows, truth, points, setting } = value as Record<string, unknown>;
  return ["number", "choice", "choices"].includes(String(kind)) && typeof text === "string" && [options, rows, truth, points].every(Array.isArray) && isFacts(setting);
}
