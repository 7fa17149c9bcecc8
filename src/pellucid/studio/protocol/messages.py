"""The schema of all messages between page and server: two unions, tagged by ``type``.

``python -m pellucid.studio.protocol.typescript`` generates the page's TypeScript from it;
`pellucid.studio.protocol.frames` defines the encoding. The routes:

- ``/?token=``: the page; the token becomes a cookie.
- ``/socket?session=``: the WebSocket. Without a session, or with one that no longer exists, a new one starts. Requests
  of a session are served in order; of a rapid series, the page should send each after the answer to the last.
- ``POST /picture?session=&after=``: the body is a PNG, JPEG or other picture, which is read; `Drawing` and `Reading`
  follow on the socket. Answered by 204, or by a `Failed` as JSON. ``after`` is the number of the last request that the
  page had sent: an upload that a later request has made obsolete is dropped.
- ``POST /recording?session=&after=&slot=&name=``: the body is a recording; `Recorded` and `Heard` follow on the socket.
- ``POST /network?session=&after=&name=``: the body is a network file; `Network` and all that follows from it come on
  the socket.
- ``GET /network.safetensors?session=&subject=``: the present network as a file; with the subject "speech", the one
  of spoken digits that Learn trains.
- ``GET /network.html?session=``: the present network inside a page that needs no studio, as one file.
"""

from __future__ import annotations

import contextlib
import re
from types import ModuleType
from typing import get_args

import msgspec

from pellucid.studio.protocol import convolve as convolve_messages
from pellucid.studio.protocol import courses as course_messages
from pellucid.studio.protocol import events, parts, requests
from pellucid.studio.protocol import lessons as lesson_messages
from pellucid.studio.protocol import listen as listen_messages
from pellucid.studio.protocol import look_for as look_for_messages
from pellucid.studio.protocol import map as map_messages
from pellucid.studio.protocol import none as none_messages
from pellucid.studio.protocol import race as race_messages
from pellucid.studio.protocol import speech as speech_messages
from pellucid.studio.protocol import why as why_messages

AnyRequest = (
    requests.StartAgain
    | requests.ReportInput
    | requests.Pen
    | requests.UndoStroke
    | requests.RedoStroke
    | requests.ClearDrawing
    | requests.SetDrawing
    | requests.OpenExample
    | requests.OpenPixels
    | requests.SetFeatures
    | requests.SetCentring
    | requests.AskVotes
    | requests.BrowseExamples
    | requests.LoadNetwork
    | requests.Compare
    | requests.TurnKnobs
    | requests.FindKnobs
    | requests.SweepKnob
    | requests.ScaleNeuron
    | requests.ScaleLayer
    | requests.SetGreyLevels
    | requests.AddNoise
    | requests.UndoTurn
    | requests.RedoTurn
    | requests.GoToChange
    | requests.ResetKnobs
    | requests.SetUp
    | requests.OpenRun
    | requests.RenameRun
    | requests.DeleteRun
    | requests.FetchData
    | requests.Train
    | requests.Pause
    | requests.StepBatches
    | requests.RunToEpoch
    | requests.SetPace
    | requests.SetRate
    | requests.GoToStep
    | requests.AskCurves
    | requests.NextPicture
    | requests.AskExamined
    | requests.AskLossPlane
    | speech_messages.ChooseSubject
    | speech_messages.WatchUtterance
    | speech_messages.WatchUnit
    | speech_messages.HearTrained
    | requests.AskNudges
    | requests.AskBatchNudges
    | requests.CheckNudge
    | requests.TakeStep
    | look_for_messages.AskSubject
    | look_for_messages.AskNeuron
    | look_for_messages.AskMaximum
    | look_for_messages.AskExcitement
    | look_for_messages.AskPair
    | look_for_messages.AnswerPair
    | why_messages.AskMisreading
    | why_messages.AskRepair
    | why_messages.ApplyRepair
    | race_messages.SetUpRace
    | race_messages.AskRace
    | race_messages.PredictRace
    | race_messages.RunRace
    | race_messages.PauseRace
    | race_messages.StepRace
    | race_messages.GoToRace
    | race_messages.SetRacePace
    | race_messages.RunStarts
    | race_messages.RunRates
    | race_messages.CancelTrials
    | listen_messages.AskListening
    | listen_messages.ChooseHearer
    | listen_messages.HearVoice
    | listen_messages.StartMicrophone
    | listen_messages.HearSamples
    | listen_messages.StopMicrophone
    | listen_messages.EditSounds
    | listen_messages.UndoSounds
    | listen_messages.SetHearing
    | listen_messages.AskGates
    | convolve_messages.ShowMaps
    | convolve_messages.HideMaps
    | convolve_messages.AskShiftScores
    | convolve_messages.RetrainShuffled
    | convolve_messages.StudyCell
    | none_messages.AskSureness
    | none_messages.AskOwnSureness
    | none_messages.JudgeThreshold
    | lesson_messages.AskLessons
    | lesson_messages.OpenLesson
    | lesson_messages.LeaveLesson
    | lesson_messages.RestartLesson
    | lesson_messages.PredictOutcome
    | lesson_messages.AnswerAgain
    | lesson_messages.AskHint
    | lesson_messages.AnswerTransfer
    | lesson_messages.AnswerRecall
    | course_messages.OpenCourse
    | course_messages.CloseCourse
    | course_messages.MakeCourse
    | course_messages.BeginTest
    | course_messages.AnswerTest
    | course_messages.AskTestAnswers
    | course_messages.MakeResult
    | course_messages.AddResult
    | course_messages.ClearResults
    | map_messages.AskMap
    | map_messages.AskMapOwn
    | map_messages.AskNeighbours
    | map_messages.AskLasso
)
"""All requests of the page."""

AnyEvent = (
    events.Welcome
    | events.Failed
    | events.Done
    | events.Gone
    | events.Network
    | events.Parameters
    | events.Drawing
    | events.Reading
    | events.Compared
    | events.ComparedReading
    | events.Votes
    | events.Examples
    | events.Turned
    | events.Judged
    | events.Knobs
    | events.Swept
    | events.DataSets
    | events.Runs
    | events.Training
    | events.Picture
    | events.Health
    | events.EpochDone
    | events.Curves
    | events.Examined
    | events.Predicted
    | events.LossPlane
    | speech_messages.LearnSubject
    | speech_messages.SpeechWatched
    | speech_messages.SpeechPicture
    | speech_messages.SpeechHealth
    | speech_messages.SpeechExamined
    | events.Nudges
    | events.BatchNudges
    | events.Checked
    | events.Stepped
    | look_for_messages.LookSubject
    | look_for_messages.NeuronResponse
    | look_for_messages.NeuronMaximum
    | look_for_messages.Excitement
    | look_for_messages.Pair
    | look_for_messages.PairAnswered
    | why_messages.Misreading
    | why_messages.Repaired
    | race_messages.Race
    | race_messages.RaceCurves
    | race_messages.RaceMoment
    | race_messages.RaceTrials
    | listen_messages.Listening
    | listen_messages.HearingChosen
    | listen_messages.Recorded
    | listen_messages.Heard
    | listen_messages.Sounding
    | listen_messages.Gates
    | convolve_messages.ConvolveSubject
    | convolve_messages.Maps
    | convolve_messages.ShiftScores
    | convolve_messages.Retrained
    | convolve_messages.Cell
    | none_messages.Sureness
    | none_messages.OwnSureness
    | none_messages.ThresholdPrice
    | lesson_messages.Lessons
    | lesson_messages.LessonShown
    | course_messages.CourseMade
    | course_messages.TestShown
    | course_messages.TestAnswers
    | course_messages.ResultMade
    | course_messages.Results
    | map_messages.Map
    | map_messages.MapOwn
    | map_messages.Neighbours
    | map_messages.Lasso
)
"""All events of the server."""

REQUESTS: tuple[type[requests.Request], ...] = get_args(AnyRequest)
EVENTS: tuple[type[events.Event], ...] = get_args(AnyEvent)
MODULES: tuple[ModuleType, ...] = (
    parts,
    requests,
    events,
    look_for_messages,
    why_messages,
    race_messages,
    listen_messages,
    speech_messages,
    convolve_messages,
    none_messages,
    lesson_messages,
    course_messages,
    map_messages,
)
"""The modules that declare them."""

MAX_REQUEST = 1 << 20
"""Most bytes of JSON in one request."""

_decoder: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)


class _Header(msgspec.Struct):
    """What is readable of any request, whatever its other fields contain."""

    id: parts.Count = 0
    type: str = ""


_header_decoder = msgspec.json.Decoder(_Header)
_NUMBER = re.compile(r'"id"\s*:\s*(\d{1,13})\b')


def decode_request(text: str | bytes) -> AnyRequest:
    """Decode a request from a text frame.

    Raises
    ------
    msgspec.DecodeError
        If it is not JSON; `msgspec.ValidationError`, a subclass, if it is JSON but does not match the schema.

    Examples
    --------
    >>> decode_request('{"type": "askVotes", "id": 7, "layer": 1, "neuron": 3}')
    AskVotes(id=7, layer=1, neuron=3, at=None)
    """
    return _decoder.decode(text)


def request_header(text: str | bytes) -> tuple[int, str]:
    """Return the number and the tag of a request that `decode_request` refuses; 0 and "" where they cannot be read.

    Examples
    --------
    >>> request_header('{"type": "setPace", "id": 7, "batchesPerSecond": -1}')
    (7, 'setPace')
    >>> request_header('{"type": "setPace", "id": 7, "batchesPerSecond": NaN}')
    (7, '')
    """
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        header = _header_decoder.decode(text)
        return header.id, header.type
    found = _NUMBER.findall(text if isinstance(text, str) else text.decode(errors="replace"))
    # The page writes the number last.
    number = int(found[-1]) if found else 0
    return (number, "") if number <= 1 << 40 else (0, "")
