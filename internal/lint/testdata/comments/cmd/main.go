package main // want comment
