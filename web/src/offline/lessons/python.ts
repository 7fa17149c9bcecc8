/**
 * Evaluates the small Python functions that a lesson brings along as syntax trees: see `pellucid.studio.sharing.portable`.
 *
 * They are data, and so remain what they are in Python: one text, one check. Nothing here reaches the page or the browser.
 */

import { formatted } from "./format";

export type Value = null | boolean | number | string | readonly Value[] | Dict | Callable;
export interface Dict { readonly [name: string]: Value }
type Callable = (...values: Value[]) => Value;

type Target = string | readonly Target[];
type Parameter = string | readonly [string, Tree];
export type Tree =
  | readonly ["value", Value]
  | readonly ["name", string]
  | readonly ["list", readonly Tree[]]
  | readonly ["dict", readonly (readonly [Tree, Tree])[]]
  | readonly ["text", readonly Tree[]]
  | readonly ["format", Tree, Tree]
  | readonly ["if", Tree, Tree, Tree]
  | readonly ["field", Tree, string]
  | readonly ["item", Tree, Tree]
  | readonly ["function", readonly Parameter[], readonly Statement[]]
  | readonly ["each", Tree, Target, Tree, readonly Tree[]]
  | readonly ["binary", string, Tree, Tree]
  | readonly ["not", Tree]
  | readonly ["minus", Tree]
  | readonly ["and" | "or", readonly Tree[]]
  | readonly ["compare", Tree, readonly string[], readonly Tree[]]
  | readonly ["call", string, readonly Tree[], { readonly [name: string]: Tree }]
  | readonly ["method", Tree, string, readonly Tree[]];
export type Statement =
  | readonly ["return", Tree]
  | readonly ["set", Target, Tree]
  | readonly ["when", Tree, readonly Statement[], readonly Statement[]]
  | readonly ["for", Target, Tree, readonly Statement[]];

/** Functions and constants by name. */
export type Carried = { readonly [name: string]: Tree };

type Scope = Map<string, Value>[];

/** Makes the functions of a lesson callable. */
export class Program {
  readonly #names: Map<string, Value>;

  constructor(carried: Carried) {
    this.#names = new Map();
    const scope = [this.#names];
    for (const [name, tree] of Object.entries(carried)) this.#names.set(name, evaluate(tree, scope));
  }

  call(name: string, ...values: readonly Value[]): Value {
    return callable(this.#names.get(name) ?? null, name)(...values);
  }

  constant(name: string): number {
    return number(this.#names.get(name) ?? null);
  }
}

function evaluate(tree: Tree, scope: Scope): Value {
  switch (tree[0]) {
    case "value":
      return tree[1];
    case "name":
      return found(tree[1], scope);
    case "list":
      return tree[1].map((each) => evaluate(each, scope));
    case "dict":
      return Object.fromEntries(tree[1].map(([key, value]) => [String(evaluate(key, scope)), evaluate(value, scope)]));
    case "text":
      return tree[1].map((each) => evaluate(each, scope)).join("");
    case "format":
      return formatted(evaluate(tree[1], scope), String(evaluate(tree[2], scope)));
    case "if":
      return evaluate(truthy(evaluate(tree[1], scope)) ? tree[2] : tree[3], scope);
    case "field":
      return item(evaluate(tree[1], scope), tree[2]);
    case "item":
      return item(evaluate(tree[1], scope), evaluate(tree[2], scope));
    case "function":
      return made(tree[1], tree[2], scope);
    case "each":
      return each(tree[1], tree[2], evaluate(tree[3], scope), tree[4], scope);
    default:
      return operate(tree, scope);
  }
}

function operate(tree: Exclude<Tree, readonly ["value" | "name" | "list" | "dict" | "text" | "format" | "if" | "field" | "item" | "function" | "each", ...unknown[]]>, scope: Scope): Value {
  switch (tree[0]) {
    case "binary":
      return combined(tree[1], evaluate(tree[2], scope), evaluate(tree[3], scope));
    case "not":
      return !truthy(evaluate(tree[1], scope));
    case "minus":
      return -number(evaluate(tree[1], scope));
    case "and":
    case "or":
      return joined(tree[0] === "and", tree[1], scope);
    case "compare":
      return compared(evaluate(tree[1], scope), tree[2], tree[3], scope);
    case "call": {
      const named = Object.fromEntries(Object.entries(tree[3]).map(([name, value]) => [name, evaluate(value, scope)]));
      const values = tree[2].map((value) => evaluate(value, scope));
      const builtIn = BUILTINS[tree[1]];
      return builtIn ? builtIn(values, named) : callable(found(tree[1], scope), tree[1])(...values);
    }
    case "method":
      return method(evaluate(tree[1], scope), tree[2], tree[3].map((value) => evaluate(value, scope)));
  }
}

/** Run statements; what is returned, or undefined where none returns. */
function run(statements: readonly Statement[], scope: Scope): Value | undefined {
  for (const statement of statements) {
    const result = step(statement, scope);
    if (result !== undefined) return result;
  }
  return undefined;
}

function step(statement: Statement, scope: Scope): Value | undefined {
  switch (statement[0]) {
    case "return":
      return evaluate(statement[1], scope);
    case "set":
      return void set(statement[1], evaluate(statement[2], scope), scope);
    case "when":
      return run(truthy(evaluate(statement[1], scope)) ? statement[2] : statement[3], scope);
    case "for":
      for (const value of sequence(evaluate(statement[2], scope))) {
        set(statement[1], value, scope);
        const result = run(statement[3], scope);
        if (result !== undefined) return result;
      }
      return undefined;
  }
}

function made(parameters: readonly Parameter[], statements: readonly Statement[], scope: Scope): Callable {
  return (...values) => {
    const own = new Map<string, Value>();
    parameters.forEach((parameter, at) => {
      const [name, standard] = typeof parameter === "string" ? [parameter, null] : parameter;
      own.set(name, at < values.length ? values[at] : standard ? evaluate(standard, scope) : null);
    });
    return run(statements, [...scope, own]) ?? null;
  };
}

function each(element: Tree, target: Target, values: Value, tests: readonly Tree[], scope: Scope): Value {
  const inner = [...scope, new Map<string, Value>()];
  const kept: Value[] = [];
  for (const value of sequence(values)) {
    set(target, value, inner);
    if (tests.every((test) => truthy(evaluate(test, inner)))) kept.push(evaluate(element, inner));
  }
  return kept;
}

function set(target: Target, value: Value, scope: Scope): void {
  if (typeof target === "string") scope[scope.length - 1].set(target, value);
  else sequence(value).forEach((part, at) => set(target[at], part, scope));
}

function found(name: string, scope: Scope): Value {
  for (const names of scope.toReversed()) if (names.has(name)) return names.get(name) ?? null;
  const builtIn = BUILTINS[name];
  if (builtIn) return (...values) => builtIn(values, {});
  throw new ReferenceError(`expected a name of the lesson, got ${name}`);
}

function joined(all: boolean, trees: readonly Tree[], scope: Scope): Value {
  let value: Value = all;
  for (const tree of trees) {
    value = evaluate(tree, scope);
    if (truthy(value) !== all) return value;
  }
  return value;
}

function compared(left: Value, signs: readonly string[], rights: readonly Tree[], scope: Scope): boolean {
  for (const [at, sign] of signs.entries()) {
    const right = evaluate(rights[at], scope);
    if (!holds(left, sign, right)) return false;
    left = right;
  }
  return true;
}

function holds(left: Value, sign: string, right: Value): boolean {
  switch (sign) {
    case "==":
    case "is":
      return equal(left, right);
    case "!=":
    case "is not":
      return !equal(left, right);
    case "in":
      return contains(right, left);
    case "not in":
      return !contains(right, left);
    case "<":
      return order(left, right) < 0;
    case "<=":
      return order(left, right) <= 0;
    case ">":
      return order(left, right) > 0;
    default:
      return order(left, right) >= 0;
  }
}

function equal(left: Value, right: Value): boolean {
  if (Array.isArray(left) && Array.isArray(right)) return left.length === right.length && left.every((value, at) => equal(value, right[at]));
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right);
  return left === right;
}

/** Numbers by size, lists by their first parts that differ; NaN compares with nothing. */
function order(left: Value, right: Value): number {
  if (Array.isArray(left) && Array.isArray(right)) {
    const at = left.findIndex((value, index) => index >= right.length || !equal(value, right[index]));
    return at < 0 ? left.length - right.length : at >= right.length ? 1 : order(left[at], right[at]);
  }
  return number(left) - number(right);
}

function contains(container: Value, value: Value): boolean {
  if (Array.isArray(container)) return container.some((each) => equal(each, value));
  return Object.hasOwn(dict(container), String(value));
}

function combined(sign: string, left: Value, right: Value): Value {
  if (sign === "|") return { ...dict(left), ...dict(right) };
  if (sign === "+" && typeof left === "string" && typeof right === "string") return left + right;
  if (sign === "+" && Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  if (sign === "*" && Array.isArray(left)) return Array.from({ length: number(right) }, () => left).flat();
  const [a, b] = [number(left), number(right)];
  switch (sign) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "//":
      return Math.floor(a / b);
    case "%":
      return ((a % b) + b) % b;
    case "**":
      return a ** b;
    default:
      throw new TypeError(`expected an operator, got ${sign}`);
  }
}

function item(container: Value, index: Value): Value {
  if (Array.isArray(container) || typeof container === "string") {
    const at = number(index);
    if (!Number.isInteger(at) || at >= container.length || at < -container.length) throw new RangeError(`expected an index below ${container.length}, got ${at}`);
    return (container.at(at) as Value | undefined) ?? null;
  }
  const named = dict(container);
  if (!Object.hasOwn(named, String(index))) throw new RangeError(`expected a name that is there, got ${String(index)}`);
  return named[String(index)];
}

function method(value: Value, name: string, values: readonly Value[]): Value {
  if (name === "join") return sequence(values[0]).join(String(value));
  const named = dict(value);
  switch (name) {
    case "get":
      return Object.hasOwn(named, String(values[0])) ? named[String(values[0])] : (values[1] ?? null);
    case "items":
      return Object.entries(named);
    case "keys":
      return Object.keys(named);
    case "values":
      return Object.values(named);
    default:
      throw new TypeError(`expected a known method, got ${name}`);
  }
}

const BUILTINS: { readonly [name: string]: ((values: readonly Value[], named: Dict) => Value) | undefined } = Object.assign(Object.create(null) as object, {
  abs: ([value]: readonly Value[]) => Math.abs(number(value)),
  all: ([values]: readonly Value[]) => sequence(values).every(truthy),
  any: ([values]: readonly Value[]) => sequence(values).some(truthy),
  enumerate: ([values]: readonly Value[]) => sequence(values).map((value, at) => [at, value]),
  float: ([value]: readonly Value[]) => number(value),
  int: ([value]: readonly Value[]) => Math.trunc(number(value)),
  len: ([values]: readonly Value[]) => (typeof values === "string" || Array.isArray(values) ? values.length : Object.keys(dict(values)).length),
  map: ([mapped, values]: readonly Value[]) => sequence(values).map((value) => callable(mapped, "the function of map")(value)),
  max: (values: readonly Value[], named: Dict) => extreme(values, named, 1),
  min: (values: readonly Value[], named: Dict) => extreme(values, named, -1),
  next: ([values, standard]: readonly Value[]) => sequence(values).at(0) ?? standard ?? null,
  range: (values: readonly Value[]) => range(values.map(number)),
  reversed: ([values]: readonly Value[]) => sequence(values).toReversed(),
  round: ([value, digits]: readonly Value[]) => Number(formatted(number(value), `.${digits ?? 0}f`)),
  sorted: ([values]: readonly Value[], { key, reverse }: Dict) => sorted(sequence(values), key, truthy(reverse ?? null)),
  str: ([value]: readonly Value[]) => formatted(value, ""),
  sum: ([values, begin]: readonly Value[]) => sequence(values).reduce<number>((total, value) => total + number(value), begin === undefined ? 0 : number(begin)),
  tuple: ([values]: readonly Value[]) => [...sequence(values ?? [])],
  zip: (values: readonly Value[]) => zip(values.map(sequence)),
});

/** The first of the largest, or smallest. */
function extreme(values: readonly Value[], named: Dict, sign: number): Value {
  const all = values.length === 1 ? sequence(values[0]) : values;
  if (all.length === 0) {
    if (!("default" in named)) throw new RangeError("expected at least one value");
    return named.default;
  }
  const key = (value: Value) => (named.key ? callable(named.key, "key")(value) : value);
  return all.reduce((best, value) => (sign * order(key(value), key(best)) > 0 ? value : best));
}

function sorted(values: readonly Value[], key: Value | undefined, down: boolean): Value {
  const keyed = values.map((value) => [key ? callable(key, "key")(value) : value, value] as const);
  return keyed.sort((a, b) => (down ? -1 : 1) * order(a[0], b[0])).map(([, value]) => value);
}

function range(values: readonly number[]): Value {
  const [begin, end, by] = values.length === 1 ? [0, values[0], 1] : [values[0], values[1], values[2] ?? 1];
  return Array.from({ length: Math.max(0, Math.ceil((end - begin) / by)) }, (_, at) => begin + at * by);
}

function zip(values: readonly (readonly Value[])[]): Value {
  const length = Math.min(...values.map((each) => each.length));
  return Array.from({ length }, (_, at) => values.map((each) => each[at]));
}

export function truthy(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== null && typeof value === "object" ? Object.keys(value).length > 0 : Boolean(value);
}

function isNumber(value: Value): value is number | boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function number(value: Value): number {
  if (!isNumber(value)) throw new TypeError(`expected a number, got ${JSON.stringify(value)}`);
  return Number(value);
}

/** The parts of a list, or the names of a dictionary. */
function sequence(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : Object.keys(dict(value));
}

function dict(value: Value): Dict {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new TypeError(`expected names and values, got ${JSON.stringify(value)}`);
  return value as Dict;
}

function callable(value: Value, name: string): Callable {
  if (typeof value !== "function") throw new TypeError(`expected ${name} to be a function`);
  return value as Callable;
}
