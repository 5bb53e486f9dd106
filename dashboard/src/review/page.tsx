import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { request as requestQuery } from "@/api/queries";
import { Loaded } from "@/shell/loaded";
import { Budget } from "./budget";
import { Gate } from "./gate";
import { Question } from "./question";

/** One request, with everything that a person needs to decide. */
export function Review() {
  const { id, request } = useParams({ from: "/app/p/$id/review/$request" });
  const found = useQuery(requestQuery(id, request));
  return (
    <Loaded of={found}>
      {(data) => {
        // What is asked about may change while it is read: then the choice is made anew.
        const key = `${id} ${data.id} ${data.digest}`;
        switch (data.kind) {
          case "gate":
            return <Gate key={key} id={id} request={data} />;
          case "budget":
            return <Budget key={key} id={id} request={data} />;
          case "question":
          case "effect":
            return <Question key={key} id={id} request={data} />;
        }
      }}
    </Loaded>
  );
}
