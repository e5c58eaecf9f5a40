import { useEffect, useRef, useState } from "preact/hooks";
import { said, texts } from "../../../texts/language";
import { Button } from "../../../ui/button";
import { Notice } from "../../../ui/notice";
import { decoder } from "./decoder";

const TEXTS = texts({
  nn: {
    camera: "Kameraet",
    hold: "Hald QR-koden framfor kameraet.",
    starting: "Startar kameraet …",
    refused:
      "Nettlesaren har ikkje lov til å bruke kameraet. Gi lov i innstillingane for sida, eller søk på namn eller kode.",
    absent: "Vi finn ikkje noko kamera på denne eininga. Søk på namn eller kode.",
    taken: "Kameraet er i bruk av noko anna. Lukk det, og prøv igjen.",
    again: "Prøv igjen",
    torchOn: "Slå på lys",
    torchOff: "Slå av lys",
    stop: "Stopp skanning",
    close: "Lukk",
  },
  nb: {
    camera: "Kameraet",
    hold: "Hold QR-koden foran kameraet.",
    starting: "Starter kameraet …",
    refused:
      "Nettleseren har ikke lov til å bruke kameraet. Gi lov i innstillingene for siden, eller søk på navn eller kode.",
    absent: "Vi finner ikke noe kamera på denne enheten. Søk på navn eller kode.",
    taken: "Kameraet er i bruk av noe annet. Lukk det, og prøv igjen.",
    again: "Prøv igjen",
    torchOn: "Slå på lys",
    torchOff: "Slå av lys",
    stop: "Stopp skanning",
    close: "Lukk",
  },
  en: {
    camera: "The camera",
    hold: "Hold the QR code in front of the camera.",
    starting: "Starting the camera …",
    refused:
      "The browser may not use the camera. Allow it in the settings of this site, or search by name or code.",
    absent: "We find no camera on this device. Search by name or code.",
    taken: "Something else uses the camera. Close it, and try again.",
    again: "Try again",
    torchOn: "Turn the light on",
    torchOff: "Turn the light off",
    stop: "Stop scanning",
    close: "Close",
  },
});

/** How often the picture is looked at. */
const LOOKS_EVERY_MS = 120;
/** For how long the same ticket, still before the camera, is not read again. */
const READ_AGAIN_MS = 4_000;

type State = "starting" | "on" | "refused" | "absent" | "taken";

/** The camera, which reads tickets until it is closed; it holds still while it is paused. */
export function Scanner({
  isPaused,
  onCode,
  onClose,
}: {
  isPaused: boolean;
  onCode: (shown: string) => void;
  onClose: () => void;
}) {
  const words = said(TEXTS);
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<State>("starting");
  const [tries, setTries] = useState(0);
  const [stream, setStream] = useState<MediaStream | null>(null);
  // What the running loop reads, without being begun anew.
  const now = useRef({ isPaused, onCode });
  now.current = { isPaused, onCode };

  useEffect(() => {
    let isOver = false;
    let running: MediaStream | undefined;
    async function begin(): Promise<void> {
      setState("starting");
      try {
        running = await openCamera();
      } catch (error) {
        if (!isOver) setState(whyNot(error));
        return;
      }
      if (isOver || !video.current) {
        stop(running);
        return;
      }
      video.current.srcObject = running;
      await video.current.play();
      setStream(running);
      setState("on");
      await read(video.current);
    }
    async function read(playing: HTMLVideoElement): Promise<void> {
      const decode = await decoder();
      let last = { shown: "", at: 0 };
      while (!isOver) {
        if (now.current.isPaused) last = { ...last, at: Date.now() };
        else {
          const shown = await decode(playing);
          const isNew = shown !== last.shown || Date.now() - last.at > READ_AGAIN_MS;
          if (shown && !isOver && !now.current.isPaused) {
            last = { shown, at: Date.now() };
            if (isNew) now.current.onCode(shown);
          }
        }
        await new Promise((resolve) => setTimeout(resolve, LOOKS_EVERY_MS));
      }
    }
    void begin();
    return () => {
      isOver = true;
      if (running) stop(running);
    };
  }, [tries]);

  const isOff = state === "refused" || state === "absent" || state === "taken";
  return (
    <div class="stack tight">
      {isOff ? (
        <Notice color="warning">
          <p>{words[state]}</p>
          {state !== "absent" && (
            <Button variant="secondary" onClick={() => setTries(tries + 1)}>
              {words.again}
            </Button>
          )}
        </Notice>
      ) : (
        <>
          <div class="viewer">
            <video ref={video} muted playsInline aria-label={words.camera} />
            <span class="aim" aria-hidden="true" />
          </div>
          <p class="quiet" role="status">
            {state === "on" ? words.hold : words.starting}
          </p>
        </>
      )}
      <div class="row">
        <Button variant="secondary" onClick={onClose}>
          {isOff ? words.close : words.stop}
        </Button>
        {stream && <Torch stream={stream} />}
      </div>
    </div>
  );
}

async function openCamera(): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new DOMException("no cameras here", "NotFoundError");
  return navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
  });
}

function whyNot(error: unknown): State {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotReadableError" || name === "AbortError" ? "taken" : "absent";
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** The light of the camera, where it has one. TypeScript's description of browsers lacks it. */
type WithTorch = { torch?: boolean };

function Torch({ stream }: { stream: MediaStream }) {
  const words = said(TEXTS);
  const [isOn, setOn] = useState(false);
  const [isBroken, setBroken] = useState(false);
  const [track] = stream.getVideoTracks();
  const can: MediaTrackCapabilities & WithTorch = track?.getCapabilities?.() ?? {};
  if (!track || !can.torch || isBroken) return null;
  const turn = async () => {
    const wanted: MediaTrackConstraintSet & WithTorch = { torch: !isOn };
    await track.applyConstraints({ advanced: [wanted] });
    setOn(!isOn);
  };
  return (
    <Button
      variant="secondary"
      aria-pressed={isOn}
      onClick={() => void turn().catch(() => setBroken(true))}
    >
      {isOn ? words.torchOff : words.torchOn}
    </Button>
  );
}
