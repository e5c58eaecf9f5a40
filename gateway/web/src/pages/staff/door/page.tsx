import { useEffect, useState } from "preact/hooks";
import { useParams } from "wouter-preact";
import { useMe } from "../../../api/queries";
import { Failed } from "../../../ui/failed";
import { Loading } from "../../../ui/loaded";
import Login from "../../login/login";
import { ForStaff } from "../for-staff";
import { Desk } from "./desk";
import { Door } from "./door";

/**
 * The door of an event. Without a network nobody can say who is logged in: then it opens with what this
 * device has kept, which is nothing unless a member of staff has opened it here before.
 */
export default function DoorPage() {
  const { event = "" } = useParams<{ event: string }>();
  const me = useMe();
  const door = useDoor(event);
  if (me.data === null) return <Login />;
  if (door === undefined) return <Loading />;
  if (me.data) {
    return (
      <ForStaff roles={["EVENT_STAFF"]}>
        <Desk door={door} />
      </ForStaff>
    );
  }
  if (door.list.value) return <Desk door={door} onBack={() => void me.refetch()} />;
  if (me.error) {
    return (
      <div class="page">
        <Failed error={me.error} onRetry={() => void me.refetch()} />
      </div>
    );
  }
  return <Loading />;
}

/** Returns the door once it shows what is kept. */
function useDoor(event: string): Door | undefined {
  const [loaded, setLoaded] = useState<Door>();
  useEffect(() => {
    const door = new Door(event);
    void door.load().finally(() => setLoaded(door));
    return () => door.close();
  }, [event]);
  return loaded;
}
