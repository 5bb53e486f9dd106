"""moto's server, with seven repairs.

* State machines are really executed (by default, moto only pretends).
* Parameters of service integrations are renamed to what the service's client expects, and
  results back again: a state machine writes LaunchType, the ECS API launchType. moto implements
  neither step.
* SendTaskFailure keeps its cause (moto drops it).
* A retrier's count restarts whenever its state is entered, as specified (moto counts across the
  whole execution).
* Each attempt has its own task token (moto reuses the old one, with its answer).
* A report sent immediately is received (moto listens for heartbeats only some time after it
  starts a container).
* A report finds its execution although another one is just starting (moto looks for it in that
  one too, which cannot be asked yet, and answers 500).
"""
import sys

from botocore.session import get_session
from moto.core.config import default_user_config
from moto.core.responses import EmptyResult
from moto.server import main
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

default_user_config["stepfunctions"] = {"execute_state_machine": True}
default_user_config["lambda"] = {"use_docker": False}

models = {}


def shape(task, service, action, which):
    name = task._get_boto_service_name(service)
    wanted = task._get_boto_service_action(action).replace("_", "").lower()
    if name not in models:
        models[name] = get_session().get_service_model(name)
    for operation in models[name].operation_names:
        if operation.lower() == wanted:
            return getattr(models[name].operation_model(operation), which)
    return None


def rename_request(task, parameters, boto_service_name=None, service_action_name=None):
    wanted = shape(task, boto_service_name, service_action_name, "input_shape")
    if wanted is not None:
        task._to_boto_request(parameters, wanted)


def rename_response(task, response, boto_service_name=None, service_action_name=None):
    wanted = shape(task, boto_service_name, service_action_name, "output_shape")
    if wanted is not None:
        task._from_boto_response(response, wanted)


def send_task_failure(response):
    response.stepfunction_backend.send_task_failure(
        response._get_param("taskToken"), error=response._get_param("error"), cause=response._get_param("cause"))
    return EmptyResult()


def enter_and_count_anew(state, env, original=ExecutionState._eval_state):
    for retrier in state.retry.retriers if state.retry else []:
        for part in (retrier.max_attempts, retrier.backoff_rate):
            for key in [key for key in env.heap if part.heap_key in key]:
                del env.heap[key]
    original(state, env)


def attempt_with_a_token_of_its_own(state, env, original=ExecutionState._evaluate_with_timeout):
    context = env.states.context_object
    if "Task" in context.context_object_data and context.context_object_data["State"]["RetryCount"] > 0:
        env.callback_pool_manager.add(context.update_task_token())
    original(state, env)


def listen_for_heartbeats(endpoint, heartbeat_seconds, original=CallbackEndpoint.setup_heartbeat_endpoint):
    heartbeats = original(endpoint, heartbeat_seconds=heartbeat_seconds)
    if endpoint.get_outcome() is not None:
        heartbeats.notify()
    return heartbeats


def note_heartbeat(endpoint, original=CallbackEndpoint.notify_heartbeat):
    original(endpoint)
    return True


def those_that_have_started(backend, status=None, original=StepFunctionsParserBackend._get_executions):
    return [found for found in original(backend, status) if found.exec_worker and found.exec_worker.env]


StepFunctionsParserBackend._get_executions = those_that_have_started
CallbackEndpoint.setup_heartbeat_endpoint = listen_for_heartbeats
CallbackEndpoint.notify_heartbeat = note_heartbeat
StepFunctionResponse.send_task_failure = send_task_failure
StateTaskService._normalise_parameters = rename_request
StateTaskService._normalise_response = rename_response
ExecutionState._evaluate_with_timeout = attempt_with_a_token_of_its_own
ExecutionState._eval_state = enter_and_count_anew

if __name__ == "__main__":
    main(sys.argv[1:])
