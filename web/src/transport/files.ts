/** Uploads images and networks to the server, and downloads the current network, bare or inside a page. */

import type { Session } from "./session";

export async function uploadPicture(session: Session, file: File): Promise<void> {
  await upload(session, "picture", file);
}

export async function uploadNetwork(session: Session, file: File): Promise<void> {
  await upload(session, "network", file);
}

/** Uploads a recording for the room Listen, as the first or the second. */
export async function uploadRecording(session: Session, file: File, slot: 0 | 1): Promise<void> {
  await upload(session, "recording", file, `&slot=${slot}&name=${encodeURIComponent(file.name)}`);
}

/** Whether a file is a recording, by its name or by what the browser takes it for. */
export function isRecording(file: File): boolean {
  return file.type.startsWith("audio/") || /\.(wav|flac|ogg|opus|mp3|aiff?|au|caf|m4a|aac|webm)$/i.test(file.name);
}

/** The text of a small file, such as a course; undefined, and a message, where it is too large. */
export async function readText(session: Session, file: File, most: number): Promise<string | undefined> {
  if (file.size <= most) return file.text();
  session.fail(`${file.name} has ${Math.ceil(file.size / 1000)} kB, but at most ${Math.floor(most / 1000)} kB are accepted: this is something else.`);
  return undefined;
}

/** Uploads a file as an image, a network or a recording, whichever it is. */
export async function uploadFile(session: Session, file: File): Promise<void> {
  if (isRecording(file)) await uploadRecording(session, file, 0);
  else if (file.type.startsWith("image/")) await uploadPicture(session, file);
  else if (/\.(safetensors|onnx)$/.test(file.name)) await uploadNetwork(session, file);
  else session.fail(`${file.name} is neither an image nor a network nor a recording: drop an image, a .safetensors or .onnx file, a recording such as WAV, or a course or result of lessons (.json).`);
}

/** Downloads the current network as a safetensors file, or that of spoken digits which Learn trains. */
export function saveNetwork({ welcome }: Session, name: string, subject: "network" | "speech" = "network"): void {
  if (!welcome) return;
  const anchor = document.createElement("a");
  anchor.href = `network.safetensors?session=${encodeURIComponent(welcome.session)}${subject === "speech" ? "&subject=speech" : ""}`;
  anchor.download = `${name}.safetensors`;
  anchor.click();
}

/** A page with the current network in it, as one file; null after a failure, which is shown. */
export async function sharedPage(session: Session): Promise<Blob | null> {
  const { welcome } = session;
  if (!welcome) return null;
  try {
    const response = await fetch(`network.html?session=${encodeURIComponent(welcome.session)}`);
    if (response.ok) return await response.blob();
    session.fail(await problem(response));
  } catch {
    session.fail("The file did not arrive from the studio's server: check that it is still running.");
  }
  return null;
}

async function upload(session: Session, kind: "picture" | "network" | "recording", file: File, more = ""): Promise<void> {
  const { welcome } = session;
  if (!welcome) return;
  if (file.size > welcome.maxUpload) {
    const limit = Math.floor(welcome.maxUpload / 1e6);
    session.fail(`${file.name} has ${Math.ceil(file.size / 1e6)} MB, but at most ${limit} MB are accepted: choose a smaller file.`);
    return;
  }
  session.hasten();
  try {
    const response = await fetch(`${kind}?session=${encodeURIComponent(welcome.session)}&after=${session.sent}${more}`, { method: "POST", body: file });
    if (!response.ok) session.fail(await problem(response));
  } catch {
    session.fail(`${file.name} did not reach the studio's server: check that it is still running.`);
  }
}

async function problem(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const told: unknown = JSON.parse(text);
    if (told && typeof told === "object" && "message" in told) return String(told.message);
  } catch {
    // Not JSON: the text itself is the message.
  }
  return text || `The studio's server answered with status ${response.status}.`;
}
